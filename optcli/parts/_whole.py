"""Inputs of whole numbers: a model with an embedding gets them as they are, one that computes with them as floats."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from optcli.parts.facts import Facts, Input


def are(x: Any) -> bool:
    """Whether an array of inputs holds numbers of things: whole ones, and no shades of pictures."""
    return x.dtype.kind in "iu" and x.dtype != "uint8"


def tokens(parts: Sequence[Any], inputs: Sequence[Input]) -> int:
    """How many numbers an embedding of whole inputs needs; 0 where there are none.

    Args:
        parts: the inputs of training and validation; of several, side by side.
        inputs: what lies where in a row of several.
    """
    if not inputs:
        return int(max(x.max() for x in parts)) + 1 if are(parts[0]) else 0
    ends = list(accumulate(math.prod(one.shape) for one in inputs))
    found = [
        float(x[:, end - math.prod(one.shape) : end].max())
        for one, end in zip(inputs, ends, strict=True)
        for x in parts
        if one.kind == "int"
    ]
    return int(max(found)) + 1 if found and max(found) >= 0 else 0


def suit(model: nn.Module, facts: Facts, takes: Collection[str] | None) -> None:
    """Have whole numbers made floats ahead of `model`, unless it takes tokens; one that may take both is tried.

    Args:
        takes: the kinds of inputs that the model takes; None is any.
    """
    either = takes is None or {"tokens", "vector"} <= set(takes)
    if not (_indexes(model, facts) if either else "tokens" in (takes or ())):
        model.register_forward_pre_hook(_real)


def _indexes(model: nn.Module, facts: Facts) -> bool:
    """Whether the model gets through with whole numbers: layers but embeddings refuse them."""
    import torch

    trained = model.training
    try:
        with torch.no_grad():
            model.eval()(torch.zeros((2, *facts.shape), dtype=torch.int64))
    except Exception:  # whatever it is: with floats it is told, where it stands
        return False
    finally:
        model.train(trained)
    return True


def _real(model: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    kinds = (p.dtype for p in model.parameters() if p.dtype.is_floating_point)
    return (given[0].to(next(kinds)), *given[1:])
