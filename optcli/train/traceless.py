"""Forward passes that leave no trace: neither in a model's buffers nor of its compilation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def kept(tensors: Iterable[Tensor]) -> Iterator[None]:
    """Whatever happens inside, the tensors are afterwards what they were."""
    before = [(tensor, tensor.detach().clone()) for tensor in tensors]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, old in before:
                tensor.copy_(old)


@contextmanager
def plain(model: nn.Module) -> Iterator[None]:
    """Inside, the model's own call isn't compiled: what runs once isn't worth a compilation."""
    compiled, model._compiled_call_impl = model._compiled_call_impl, None
    try:
        yield
    finally:
        model._compiled_call_impl = compiled


@contextmanager
def momentum(norms: Sequence[Any], value: float | None) -> Iterator[None]:
    """Inside, running statistics move by `value` a pass: not at all by 0; with None they are the mean of all passes."""
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = value
    try:
        yield
    finally:
        for norm, old in zip(norms, before, strict=True):
            norm.momentum = old


def running(model: nn.Module) -> list[nn.Module]:
    """The norm layers that keep running statistics."""
    return [module for module in model.modules() if getattr(module, "track_running_stats", False)]
