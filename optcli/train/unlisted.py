"""Layers that a model keeps where torch doesn't look: in a plain list, tuple or dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn


def unlisted(model: nn.Module) -> list[str]:
    """What to say of weights that are in no module's list, so that nothing trains, saves or moves them.

    Some keep a frozen teacher so on purpose: it is said, not refused.
    """
    known = {id(p) for p in model.parameters()}
    return [
        f"model: `{path}` is a plain {kind}, so that the {count:,} weights in it are neither trained nor saved: "
        f"use nn.Module{'Dict' if kind == 'dict' else 'List'}"
        for path, kind, count in _lost(model, known)
    ]


def _lost(model: nn.Module, known: set[int]) -> Iterator[tuple[str, str, int]]:
    for name, module in model.named_modules():
        for key, value in vars(module).items():
            if key.startswith("_") or not isinstance(value, list | tuple | dict):
                continue
            items: Iterable[Any] = value.values() if isinstance(value, dict) else value
            lost = {id(p): p.numel() for item in items for p in _weights(item) if id(p) not in known}
            if lost:
                yield ".".join(filter(None, (name, key))), type(value).__name__, sum(lost.values())


def _weights(item: Any) -> Iterable[nn.Parameter]:
    return [item] if isinstance(item, nn.Parameter) else item.parameters() if isinstance(item, nn.Module) else []
