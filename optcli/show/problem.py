"""Mistakes in a recipe on stderr: place, what is wrong, the line with a caret below it, and what to do."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
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
    """Say all mistakes on stderr; help that several in a row have in common, once."""
    screen, said = Screen.of(sys.stderr), ""
    for problem in problems[:SHOWN]:
        fresh = replace(problem, help="") if problem.help == said else problem
        print("\n".join(lines(fresh, screen)), file=sys.stderr)
        said = problem.help
    if len(problems) > SHOWN:
        print(f"and {len(problems) - SHOWN:,} more", file=sys.stderr)


def lines(problem: Problem, screen: Screen = Screen()) -> list[str]:  # noqa: B008 - frozen
    """One mistake as lines without their ends: four, or a few more where a terminal is narrow."""
    place = clean.line(problem.file)
    if problem.line:
        place += f":{problem.line}:{problem.column}"
    message = clean.line(problem.message, _TEXT)
    first, *more = screen.lines(f"{place}: error: {screen.fit(message)}" if place else f"error: {screen.fit(message)}")
    shown = [first.replace("error:", screen.paint("error:", "error"), 1), *more]
    if problem.snippet.strip():
        shown += _source(problem, screen)
    if problem.help:
        first, *more = screen.lines(f"help: {screen.fit(clean.line(problem.help, _TEXT))}")
        shown += [screen.paint("help:", "bold") + first.removeprefix("help:"), *more]
    return shown


def _source(problem: Problem, screen: Screen) -> list[str]:
    """The line that the caret points into, cut to a window around it, and the caret."""
    at, number = problem.column - 1, str(problem.line)
    margin = " " * len(number)
    wide = min(_LINE, screen.width - len(margin) - 4) if screen.terminal else _LINE
    start = max(0, min(at - wide // 3, len(problem.snippet) - wide))
    window = problem.snippet[start : start + wide]
    before, under = window[: at - start], window[at - start : at - start + problem.width]
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
