"""Scores that don't say which data they are about, beside a loss that does: `eval_loss 0.3 accuracy 0.9`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from optcli.run.roles import METRICS, NEVER, STAND_IN, meaning, split_in, words
from optcli.run.text import Row


def sided(found: Row) -> Mapping[str, str]:
    """The scores of one line or dict that are validation's, by name, and what to call them instead."""
    return _sided(tuple(found)) if len(found) > 1 else {}


@lru_cache(maxsize=4096)
def _sided(names: tuple[str, ...]) -> Mapping[str, str]:
    losses = {split_in(name) or "train" for name in names if _is_loss(name)}
    if len(losses) != 1 or "train" in losses:
        return {}
    split = losses.pop()
    return {name: f"{split} {name}" for name in names if _is_score(name) and f"{split} {name}" not in names}


def _is_loss(name: str) -> bool:
    found = meaning(name)
    return found is not None and found.role.endswith("/loss") and found.rank < STAND_IN


def _is_score(name: str) -> bool:
    if split_in(name) is not None:
        return False
    found = meaning(name)
    named = found is not None and found.role == "train/accuracy"
    return named or (not METRICS.isdisjoint(words(name)) and NEVER.isdisjoint(words(name)))
