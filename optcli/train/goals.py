"""Which metric says what is best, and what is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optcli.parts.metrics import sign
from optcli.recipe.recipe import Recipe
from optcli.train.training import Goals


def goals(recipe: Recipe, regularizers: Mapping[str, Any]) -> Goals:
    """The first of `metrics` in its own direction, else the validation loss; and the recipe's targets."""
    first = recipe.metrics[0].name if recipe.metrics else "loss"
    wanted = recipe.train.target
    named = {first: wanted} if isinstance(wanted, int | float) else dict(wanted or {})
    short = {name.removeprefix("val/"): value for name, value in named.items()}
    targets = {f"val/{name}": (float(value), sign(name) < 0) for name, value in short.items()}
    stoppers = tuple(r for r in regularizers.values() if hasattr(r, "should_stop"))
    return Goals(f"val/{first}", sign(first) < 0, targets, stoppers)
