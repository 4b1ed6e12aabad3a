"""Recipes: YAML text to a checked Recipe, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # pydantic takes 160 ms to import, and `diagnose` needs no recipe
    from optcli.recipe.recipe import Recipe
    from optcli.recipe.sections import Chosen

__all__ = ["Chosen", "Recipe", "load", "loads"]


def load(source: str | Path, overrides: Sequence[str] = (), imports: Sequence[str | Path] = ()) -> Recipe:
    """The checked recipe of a file, or a bundled one by its name, with `KEY=VALUE` overrides laid over it.

    `imports` are Python files whose decorated functions become parts; they are executed.

    Raises:
        BadRecipe: every mistake found, in the order of the text.
    """
    from optcli.recipe.loading import load

    return load(source, overrides, imports)


def loads(text: str, file: str = "<recipe>", overrides: Sequence[str] = ()) -> Recipe:
    """Like `load`, from a text; `file` is what messages call it, and `extends` is relative to it.

    Raises:
        BadRecipe: every mistake found, in the order of the text.
    """
    from optcli.recipe.loading import loads

    return loads(text, file, overrides)


def __getattr__(name: str) -> Any:
    if name == "Recipe":
        from optcli.recipe.recipe import Recipe

        return Recipe
    if name == "Chosen":
        from optcli.recipe.sections import Chosen

        return Chosen
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
