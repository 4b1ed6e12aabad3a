import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcli.run.curve import Curve, read_only
from optcli.show import svg
from optcli.show.chart import Mark


def curve(values: list[float], name: str = "train/loss") -> Curve:
    return Curve(name, read_only(np.arange(len(values), dtype=float)), read_only(values))


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e9))
def test_ticks_are_few_round_and_inside(low: float, span: float) -> None:
    values = svg.ticks(low, low + span)
    gap = values[1] - values[0] if len(values) > 1 else math.nan
    assert 1 <= len(values) <= 7
    assert all(low - 1e-6 * span <= v <= low + span * (1 + 1e-6) for v in values)
    assert math.isnan(gap) or gap == pytest.approx((values[-1] - values[0]) / (len(values) - 1), rel=1e-3)


def test_ticks_by_example() -> None:
    assert svg.ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert svg.ticks(1, 1000, 6) == [200, 400, 600, 800, 1000]
    assert svg.log_ticks(0.5, 150) == [0.5, 1, 2, 5, 10, 20, 50, 100]
    assert svg.log_ticks(1e-12, 1) == [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1]


def test_a_spike_reaches_the_top_and_lines_break_at_nan() -> None:
    values = np.ones(100_000)
    values[60_000], values[80_000] = 3.0, np.nan
    root = parsed(svg.draw([curve(values.tolist())], [], "x"))
    path = next(e for e in root.iter("path") if "line" in e.get("class", "")).get("d", "")
    heights = [float(place.split()[1]) for place in path.replace("L", "M").split("M")[1:]]
    assert max(heights) - min(heights) > 0.8 * svg.HIGH
    assert path.count("M") == 2
    assert [e.text for e in root.iter("text") if e.get("class") == "bad"] == ["×"]
    assert len(path) < 15_000


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0], [0.0, 0.0], [1e300, -1e300], [1e-300, 1.0, 2.0], [5.0, np.inf]])
def test_odd_curves_stay_inside_the_picture(values: list[float]) -> None:
    root = parsed(svg.draw([curve(values)], [Mark("OPT101", 0, 1, "error")], "x"))
    for dot in root.iter("circle"):
        assert 0 <= float(dot.get("cx", "").removesuffix("%")) <= 100
        assert 0 <= float(dot.get("cy", "")) <= float(root.get("height", "")) - svg.BOTTOM


def test_labels_of_marks_do_not_overlap() -> None:
    marks = [Mark("OPT101", 0, 50, "warning"), Mark("OPT107", 2, 90, "info"), Mark("NUM301", 95, 99, "error")]
    root = parsed(svg.draw([curve([1.0] * 100)], marks, "x"))
    tags = [e for e in root.iter("text") if e.get("class", "").startswith("tag")]
    assert [tag.text for tag in tags] == ["OPT101", "OPT107", "NUM301"]
    rows = [tag.get("y") for tag in tags]
    assert rows[0] != rows[1]
    assert rows[0] == rows[2]
    kinds = ["band warning", "bar warning", "band info", "bar info", "band error", "bar error"]
    assert [e.get("class") for e in root.iter("rect")] == kinds


def test_those_who_hear_it_learn_what_is_drawn() -> None:
    root = parsed(svg.draw([curve([3.0, 2.0, np.nan, 1.0])], [Mark("NUM301", 2, 2, "error")], "train/loss"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "train/loss"
    assert root.findtext("desc") == (
        "Steps 0 to 3. train/loss goes from 3 to 1, between 1 and 3. error NUM301: steps 2 to 2."
    )


def test_nothing_across_is_in_pixels() -> None:
    root = parsed(svg.draw([curve([1.0, 2.0, np.nan])], [Mark("OPT101", 0, 1, "error")], "x"))
    for part in root.iter():
        places = [part.get(name, "") for name in ("x", "cx", "x1", "x2", "width")]
        assert all(place.endswith("%") or place in ("", "-8") for place in places)
