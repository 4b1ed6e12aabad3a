import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optcli.run.curve import Curve, read_only
from optcli.show.chart import Mark, draw, wants_log
from optcli.show.screen import Screen

WIDE = Screen(terminal=True, width=100)
ASCII = Screen(terminal=True, width=80, unicode=False)


def curve(values: list[float]) -> Curve:
    return Curve("train/loss", read_only(np.arange(1.0, len(values) + 1)), read_only(values))


def test_a_falling_curve_in_ascii() -> None:
    assert draw(curve([4, 3, 2, 1]), Screen(True, 30, unicode=False)) == [
        "         4 |'.",
        "           |  ''.",
        "           |     ''..",
        "           |         '..",
        "           |            '..",
        "         1 |               '.",
        "           +-----------------",
        "            1         4 steps",
    ]


@pytest.mark.parametrize("screen", [WIDE, ASCII])
def test_a_spike_of_one_step_in_a_hundred_thousand_is_seen(screen: Screen) -> None:
    values = np.ones(100_000)
    values[70_000] = 5.0
    top = draw(curve(values.tolist()), screen)[0]
    assert 0.65 < (len(top) - 12) / (screen.width - 13) < 0.75


@pytest.mark.parametrize("screen", [WIDE, ASCII])
def test_lines_fit_the_screen(screen: Screen) -> None:
    values = np.random.default_rng(0).standard_normal(5000).tolist()
    marks = [Mark("OPT101", 4990, 4999, "warning"), Mark("NUM301", 1, 5000, "error"), Mark("OPT108", 7, 7, "info")]
    assert max(map(len, draw(curve(values), screen, marks))) <= screen.width


def test_non_finite_values_stand_in_a_row_of_their_own() -> None:
    lines = draw(curve([1.0, np.nan, 1.0, np.inf]), ASCII)
    assert lines[0].startswith("not finite |")
    assert lines[0].count("x") == 2


def test_nothing_finite_is_said() -> None:
    assert draw(curve([np.nan, np.inf]), WIDE) == ["  2 values, none of them finite"]
    assert draw(curve([]), WIDE) == ["  0 values, none of them finite"]


def test_one_point_and_constant_curves_are_drawn() -> None:
    assert any("⠁" <= char <= "⣿" for line in draw(curve([3.0]), WIDE) for char in line)
    assert any("." in line or "'" in line for line in draw(curve([3.0] * 50), ASCII))


def test_a_log_axis_where_values_lie_far_apart() -> None:
    assert wants_log(read_only([1e-4, 1, 100]))
    assert wants_log(read_only(np.geomspace(1, 1e-7, 50)))
    assert not wants_log(read_only([1e-4, *np.linspace(0.5, 0.9, 50)]))
    assert wants_log(read_only([10, *np.linspace(2.5, 0.8, 200)]))
    assert not wants_log(read_only([3, *np.linspace(2.5, 0.8, 200)]))
    assert not wants_log(read_only([0, 1, 1000]))
    assert not wants_log(read_only([1, 2, 3]))
    assert any("log scale" in line for line in draw(curve([1e-3, 1.0, 1000.0]), WIDE))


def test_marks_stand_below_their_steps() -> None:
    line = draw(curve([1.0] * 67), ASCII, [Mark("OPT101", 1, 34, "warning")])[-1]
    assert line == " " * 12 + "|" + "-" * 32 + "| OPT101"


def test_colours_only_where_there_are_colours() -> None:
    marks = [Mark("OPT101", 1, 3, "warning")]
    assert not any("\x1b" in line for line in draw(curve([3, 2, 1]), WIDE, marks))
    painted = draw(curve([3, 2, 1]), Screen(True, 100, colour=True), marks)
    assert [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in painted] == [
        line.rstrip() for line in draw(curve([3, 2, 1]), WIDE, marks)
    ]


@given(
    arrays(np.float64, st.integers(1, 60), elements=st.floats(allow_subnormal=False, width=32)),
    st.sampled_from([60, 80, 120]),
    st.booleans(),
)
def test_any_values_at_all_are_drawn_within_the_screen(values: np.ndarray, width: int, unicode: bool) -> None:
    lines = draw(curve(values.tolist()), Screen(True, width, unicode=unicode), [Mark("OPT101", 1, 2, "error")])
    assert max(map(len, lines)) <= width
