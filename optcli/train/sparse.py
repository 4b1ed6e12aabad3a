"""Sparse gradients: those of embeddings with `sparse=True`, which have only the rows that a batch looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from optcli.exits import Exit, Failure
from optcli.parts import find
from optcli.recipe.recipe import Recipe


def must_fit(
    recipe: Recipe, groups: Sequence[Mapping[str, Any]], regularizers: Mapping[str, Any], processes: int
) -> None:
    """Sparse gradients need an optimizer that takes them, and little else that looks at gradients.

    Raises:
        Failure: they don't go with something; or there are none, for an optimizer that is about them.
    """
    name, model = recipe.optimizer.name, f"model {recipe.model.name}"
    takes = getattr(find("optimizer", name), "SPARSE", False)
    if not any(any(group["sparse"]) for group in groups):
        if takes:
            message = f"`{name}` is for models with sparse gradients, and {model} has none"
            raise Failure(Exit.USAGE, message, "use adam, or nn.Embedding(..., sparse=True) in a model of your own")
        return
    if not takes:
        message = f"{model} has an embedding with sparse gradients, which `{name}` doesn't take"
        raise Failure(Exit.USAGE, message, "use sparse_adam, or remove `sparse=True`")
    wrong = [
        *(["train.accumulate above 1"] if recipe.train.accumulate > 1 else []),
        *(["train.precision fp16"] if recipe.train.precision == "fp16" else []),
        *(["several processes"] if processes > 1 else []),
        *(f"the regularizer {n}" for n, r in regularizers.items() if hasattr(r, "on_grads") or hasattr(r, "ascend")),
    ]
    if wrong:
        raise Failure(Exit.USAGE, f"the sparse gradients of {model} don't go with {wrong[0]}", "remove one of them")


def values(grads: Sequence[Tensor]) -> list[Tensor]:
    """What there is of each gradient, as a dense tensor that shares its memory; sparse ones must be coalesced."""
    return [grad._values() if grad.is_sparse else grad for grad in grads]
