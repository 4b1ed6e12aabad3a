"""The line of a recipe that a prescription would change: where GitHub and SARIF point."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optcli.diagnosis.diagnosis import Finding
from optcli.recipe.edit import along
from optcli.recipe.problem import BadRecipe
from optcli.recipe.text import parse
from optcli.recipe.tree import Node, Source
from optcli.show.report import Report


def file_and_line(report: Report, found: Finding) -> tuple[str, int]:
    """The recipe and the line (from 1) of the value that the surest patch for a finding changes, else the line 1.

    The log stands in for the recipe where none is known.
    """
    if report.recipe is None:
        return report.diagnosis.source, 1
    patches = (cause.prescription.patch for cause in report.diagnosis.causes if found.code in cause.because)
    return report.recipe, _line(report.recipe, next(filter(None, patches), {}))


def _line(recipe: str, patch: Mapping[str, Any]) -> int:
    tree, path = _tree(recipe), next(iter(patch), "")
    keys = [] if tree is None else [key for key, _ in along(tree, path)]
    return keys[-1].source.place(keys[-1].start)[0] if keys else 1


def _tree(recipe: str) -> Node | None:
    """The recipe's values and where they stand; None where it can't be read."""
    try:
        return parse(Source(recipe, Path(recipe).read_text(encoding="utf-8", errors="replace")))
    except (BadRecipe, OSError, ValueError):
        return None
