"""Durations: what is written back reads as the same length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from optcli.units import Duration, Share

durations = st.one_of(
    st.builds(Duration, st.integers(0, 10**15).map(float), st.just("steps")),
    st.builds(Duration, st.floats(0, 1e6), st.just("epochs")),
    st.floats(0, 100).map(lambda percent: Duration(percent / 100, "share")),
)


@given(durations)
def test_text_and_back(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "shown", "steps"),
    [
        (500, "500", 500), ("500 steps", "500", 500), ("12345678", "12345678", 12345678), ("1 epoch", "1 epoch", 30),
        ("2.5ep", "2.5 epochs", 75), ("5%", "5%", 5), ("7%", "7%", 7), ("12.3456789%", "12.3456789%", 13), (0, "0", 0),
    ],
)  # fmt: skip
def test_forms(text: int | str, shown: str, steps: int) -> None:
    duration = Duration.parse(text)
    assert str(duration) == shown
    assert duration.steps(100, 30) == steps


@pytest.mark.parametrize("text", ["", "-5", "1e3", "3 parsecs", "101%", "2.5", "2.5 steps", "%", True, "nan", "5 %%"])
def test_what_is_no_duration(text: str | bool) -> None:
    with pytest.raises(ValueError, match=r"not a duration|more than the whole run|not a whole number"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "share"), [("30%", 0.3), (" 2.5 % ", 0.025), (".5%", 0.005), (0.3, 0.3), ("0%", 0.0), ("100%", 1.0)]
)
def test_a_share_may_be_written_in_percent(text, share) -> None:
    assert TypeAdapter(Share).validate_python(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["130%", "-3%", "%", "3 %%", "x%", 1.3])
def test_what_is_no_share(text) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Share).validate_python(text)
