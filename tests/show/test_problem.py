"""How mistakes in a recipe look on the screen."""

from __future__ import annotations

import re

import pytest

from optcli.recipe.problem import Problem
from optcli.show.problem import MOST, lines, print_problems
from optcli.show.screen import Screen


def test_place_message_line_caret_help() -> None:
    problem = Problem("unknown key `lrr`", "r.yaml", 12, 3, "optimizer.lrr", "did you mean `lr`?", "  lrr: 1", 3)
    assert lines(problem) == [
        "r.yaml:12:3: error: unknown key `lrr`",
        " 12 |   lrr: 1",
        "    |   ^^^",
        "help: did you mean `lr`?",
    ]


def test_without_a_place_only_what_is_known() -> None:
    assert lines(Problem("not a file", "runs")) == ["runs: error: not a file"]
    assert lines(Problem("no recipe")) == ["error: no recipe"]


def test_colours_only_where_there_are_any() -> None:
    problem = Problem("bad", "r.yaml", 1, 1, help="mend it", snippet="x")
    assert "\x1b" not in "".join(lines(problem))
    painted = lines(problem, Screen(colour=True))
    assert painted[0] == "r.yaml:1:1: \x1b[1;31merror:\x1b[0m bad"
    assert painted[2].endswith("\x1b[1;31m^\x1b[0m")


@pytest.mark.parametrize(("before", "cells"), [("日本: ", 6), ("\t\tlr: ", 6), ("e\u0301: ", 3), ("é: ", 3), ("", 0)])
def test_the_caret_stands_below_the_value(before: str, cells: int) -> None:
    problem = Problem("bad", "r.yaml", 1, len(before) + 1, snippet=before + "xy", width=2)
    assert lines(problem)[2] == "   | " + " " * cells + "^^"


@pytest.mark.parametrize("at", [0, 40, 5_000, 9_990])
def test_a_long_line_is_cut_around_the_caret(at: int) -> None:
    snippet = "a" * at + "BAD" + "c" * (10_000 - at)
    shown = lines(Problem("bad", "r.yaml", 1, at + 1, snippet=snippet, width=3))
    assert max(map(len, shown)) <= 110
    caret = shown[2].index("^")
    assert shown[1][caret : caret + 3] == "BAD"


HOSTILE = ["\x1b[2J", "\x1b]52;c;aGk=\x07", "\x9b31m", "a\nb", "a\rb", "[/bold]", "\u202egnp", "\udcff", "::error::x"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_terminal_obeys_gets_through(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_problems([Problem(f"bad `{text}`", text, 1, 1, help=text, snippet=f"x{text}", width=99)])
    shown = capsys.readouterr().err
    assert not set(shown) & set("\x1b\x07\x9b\r\u202e\udcff")
    assert len(shown.splitlines()) == 4
    assert not any(line.startswith("::") for line in shown.splitlines())


def bad(count: int) -> list[Problem]:
    return [Problem(f"bad {i}", "r.yaml", i, 1, help=f"mend {i}", snippet="x: 1") for i in range(1, count + 1)]


@pytest.mark.parametrize(("count", "carets"), [(1, 1), (2, 2), (3, 1), (5, 1), (6, 0), (8, 0), (9, 0), (1_000, 0)])
def test_all_mistakes_take_eight_lines_at_most(count: int, carets: int, capsys: pytest.CaptureFixture[str]) -> None:
    print_problems(bad(count))
    captured = capsys.readouterr()
    shown = captured.err.splitlines()
    assert captured.out == ""
    assert len(shown) <= MOST
    assert sum("^" in line for line in shown) == carets
    said = [i for i in range(1, count + 1) if any(line.startswith(f"r.yaml:{i}:1: error: bad {i}") for line in shown)]
    assert said == list(range(1, (count if count <= MOST else MOST - 1) + 1))
    assert all(any(f"mend {i}" in line for line in shown) for i in said)
    assert (shown[-1] in (f"and {count - 7:,} more", f"and at least {count - 7:,} more")) is (count > MOST)


def test_what_several_in_a_row_are_told_to_do_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems([Problem("bad", help="a"), Problem("worse", help="a"), Problem("worst", help="b")])
    assert capsys.readouterr().err.splitlines() == ["error: bad", "help: a", "error: worse", "error: worst", "help: b"]


def test_a_terminal_gets_whole_words_and_the_caret_below_the_value() -> None:
    screen = Screen(terminal=True, width=40, colour=True)
    snippet = "data: {name: csv, file: houses.csv, target: pricce, batch_size: 64}"
    problem = Problem(
        "no column `pricce` " + "in it " * 9, "r.yaml", 3, 45, "", "did you mean `price`? " * 4, snippet, 6
    )
    shown = [re.sub("\x1b[^m]*m", "", line) for line in lines(problem, screen)]
    assert max(map(len, shown)) <= 40
    assert len(shown) <= 8
    caret = next(line for line in shown if "^" in line)
    source = shown[shown.index(caret) - 1]
    assert source[caret.index("^") :].startswith("pricce")
    assert not any(line.endswith(("colum", "pric")) for line in shown)


def test_a_flood_in_a_message_is_cut() -> None:
    assert len("".join(lines(Problem("x" * 10_000, help="y" * 10_000)))) < 1_000
