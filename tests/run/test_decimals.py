"""Columns of decimal numbers: the double that `float` reads, or no claim at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.run import decimals as module
from optcli.run.decimals import PAD, decimals

texts = st.one_of(
    st.floats().map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20).map(str),
    st.integers(-(10**24), 10**24).map(str),
    st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{0,4})?", fullmatch=True),
    st.text("0123456789.-+eE nai:/x", max_size=12),
)


def read(cells: list[str]) -> tuple[list[float], list[bool]]:
    buffer = np.frombuffer(bytes(PAD) + "".join(f"{cell}\n" for cell in cells).encode(), np.uint8)
    end = np.flatnonzero(buffer == ord("\n"))
    value, good = decimals(buffer, np.append(PAD, end[:-1] + 1), end)
    return value.tolist(), good.tolist()


@settings(max_examples=300, deadline=None)
@given(st.lists(texts, min_size=1, max_size=30))
def test_what_is_read_is_what_float_reads(cells: list[str]) -> None:
    for cell, value, good in zip(cells, *read(cells), strict=True):
        if good:
            assert (value, str(value)) == (float(cell), str(float(cell))), cell


@pytest.mark.parametrize(
    "cell",
    ["0", "-0.0", "7", "0.1", ".5", "5.", "-.25", "1e-05", "3E+4", "0.30000000000000004", "1.2345678901234567", "1e22",
     "1691410007405", "2.5000000000000001e-7", "00012.50"],
)  # fmt: skip
def test_plain_numbers_are_read(cell: str) -> None:
    value, good = read(["1", cell, ""])
    exact = len(cell) < 18 or module.EXTENDED
    assert good == [True, exact, False]
    assert not exact or value[1] == float(cell)


@pytest.mark.parametrize(
    "cell",
    ["", "-", ".", "e5", "1e", "1e+", "1e5.5", "1e5.", "1.2.3", "1e5e5", ".-5", "--5", "1_0", "0x1", "nan", "1 2"],
)
def test_what_is_no_number_isnt_read(cell: str) -> None:
    assert read(["1.5", cell, "2.5"])[1] == [True, False, True]


def test_without_long_floats_long_numbers_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXTENDED", False)
    assert read(["0.5", "0.30000000000000004", "1e25"])[1] == [True, False, False]


def test_rounding_in_two_steps_is_never_wrong() -> None:
    draw = np.random.default_rng(0)
    cells = [repr(x) for x in draw.random(20_000)] + [f"{x:.18e}" for x in draw.random(20_000)]
    for cell, value, good in zip(cells, *read(cells), strict=True):
        assert not good or value == float(cell)
