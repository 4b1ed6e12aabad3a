"""Inputs of whole numbers: a model with an embedding gets them as they are, one that computes with them as floats."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from optcli.parts.facts import Facts


def are(x: Any) -> bool:
    """Whether an array of inputs holds numbers of things: whole ones, and no shades of pictures."""
    return x.dtype.kind in "iu" and x.dtype != "uint8"


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
