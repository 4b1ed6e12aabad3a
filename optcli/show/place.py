"""The line of a recipe that a prescription would change: where GitHub and SARIF point."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optcli.diagnosis.diagnosis import Finding
from optcli.recipe.edit import name_of
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
    return 1 if tree is None else tree.span.source.place(_start(tree, path))[0]


def _tree(recipe: str) -> Node | None:
    """The recipe's values and where they stand; None where it can't be read."""
    try:
        return parse(Source(recipe, Path(recipe).read_text(encoding="utf-8", errors="replace")))
    except (BadRecipe, OSError, ValueError):
        return None


def _start(node: Node, path: str) -> int:
    """Where the key of `path`, or the nearest thing around it that is written, begins."""
    start = 0
    for step in path.split("."):
        if isinstance(node.value, list):
            inner = next((item for item in node.items if name_of(item) == step), None)
            at = None if inner is None else inner.span.start
        else:
            entry = node.entries.get(step)
            inner, at = (None, None) if entry is None else (entry.node, entry.key.start)
        if inner is None or at is None:
            break
        node, start = inner, at
    return start
