"""Mistakes in a recipe on stderr: place, what is wrong, the line with a caret below it, and what to do."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from optcli.recipe.problem import MANY, Problem
from optcli.show import clean
from optcli.show.screen import Screen

MOST: Final = 8
"""Lines for all mistakes together, where the terminal is wide enough: the first ones are shown with their source line
as far as these go, the others on one line each, and what then is left is counted."""
_LINE: Final = 100
"""Characters of a source line that are shown, around the caret."""
_TEXT: Final = 300
"""Characters of a message: quoted values are cut long before."""


def print_problems(problems: Sequence[Problem]) -> None:
    """Say all mistakes on stderr, in `MOST` lines; help that several in a row have in common, once."""
    screen = Screen.of(sys.stderr)
    shown = list(problems) if len(problems) <= MOST else list(problems[: MOST - 1])
    helps = ["", *(problem.help for problem in shown)]
    fresh = [replace(p, help="") if p.help == before else p for p, before in zip(shown, helps, strict=False)]
    room = MOST - len(shown)
    for problem in fresh:
        whole = lines(problem, screen)
        room -= len(lines(problem)) - 1
        print("\n".join(whole if room >= 0 else _short(problem, screen)), file=sys.stderr)
    if len(problems) > len(shown):
        least = "at least " if len(problems) >= MANY else ""
        print(f"and {least}{len(problems) - len(shown):,} more", file=sys.stderr)


def lines(problem: Problem, screen: Screen = Screen()) -> list[str]:  # noqa: B008 - frozen
    """One mistake as lines without their ends: four, or a few more where a terminal is narrow."""
    shown = _said(problem, clean.line(problem.message, _TEXT), screen)
    if problem.snippet.strip():
        shown += _source(problem, screen)
    if problem.help:
        first, *more = screen.lines(f"help: {screen.fit(clean.line(problem.help, _TEXT))}")
        shown += [screen.paint("help:", "bold") + first.removeprefix("help:"), *more]
    return shown


def _short(problem: Problem, screen: Screen) -> list[str]:
    """The same without the source line, help and all in one."""
    parts = (clean.line(text, _TEXT) for text in (problem.message, problem.help) if text)
    return _said(problem, "; ".join(parts), screen)


def _said(problem: Problem, text: str, screen: Screen) -> list[str]:
    """Place and words."""
    place = clean.line(problem.file)
    if problem.line:
        place += f":{problem.line}:{problem.column}"
    first, *more = screen.lines(f"{place}: error: {screen.fit(text)}" if place else f"error: {screen.fit(text)}")
    return [first.replace("error:", screen.paint("error:", "error"), 1), *more]


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
