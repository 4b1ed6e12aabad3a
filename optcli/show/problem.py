"""Mistakes in a recipe on stderr: place, what is wrong, the line with a caret below it, and what to do."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from typing import Final

from optcli.recipe.problem import Problem
from optcli.show import clean
from optcli.show.screen import Screen

SHOWN: Final = 20
"""Problems that are shown in full: who has more will mend these first."""
_LINE: Final = 100
"""Characters of a source line that are shown, around the caret."""
_TEXT: Final = 300
"""Characters of a message: quoted values are cut long before."""


def print_problems(problems: Sequence[Problem]) -> None:
    """Say all mistakes on stderr, at most five lines each."""
    screen = Screen.of(sys.stderr)
    for problem in problems[:SHOWN]:
        print("\n".join(lines(problem, screen)), file=sys.stderr)
    if len(problems) > SHOWN:
        print(f"and {len(problems) - SHOWN:,} more", file=sys.stderr)


def lines(problem: Problem, screen: Screen = Screen()) -> list[str]:  # noqa: B008 - frozen
    """One mistake as lines without their ends."""
    place = clean.line(problem.file)
    if problem.line:
        place += f":{problem.line}:{problem.column}"
    message = clean.line(problem.message, _TEXT)
    head = f"{place}: " if place else ""
    shown = [head + screen.paint("error:", "error") + " " + screen.fit(message)]
    if problem.snippet.strip():
        shown += _source(problem, screen)
    if problem.help:
        shown.append(screen.paint("help:", "bold") + " " + screen.fit(clean.line(problem.help, _TEXT)))
    return shown


def _source(problem: Problem, screen: Screen) -> list[str]:
    """The line that the caret points into, cut to a window around it, and the caret."""
    at = problem.column - 1
    start = max(0, min(at - _LINE // 3, len(problem.snippet) - _LINE))
    window = problem.snippet[start : start + _LINE]
    before, under = window[: at - start], window[at - start : at - start + problem.width]
    number = str(problem.line)
    margin = " " * len(number)
    indent = " " * _columns(before)
    caret = screen.paint("^" * max(1, _columns(under)), "error")
    return [f" {number} | {_tame(window)}".rstrip(), f" {margin} | {indent}{caret}"]


def _tame(text: str) -> str:
    return clean.line(text.replace("\t", " "), 2 * _LINE)


def _columns(text: str) -> int:
    """Cells of a terminal that a text takes: wide letters take two, combining ones none."""
    cells = {"W": 2, "F": 2}
    tame = _tame(text)
    return sum(0 if unicodedata.combining(c) else cells.get(unicodedata.east_asian_width(c), 1) for c in tame)
