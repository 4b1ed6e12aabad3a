"""Text to numbers: as Python's float reads it, or not at all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.run.numbers import MISSING, grid, number, plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (0.5, 0.5),
        ("9.1", 9.1),
        (" 1e-3 ", 1e-3),
        ("-.5", -0.5),
        ("inf", math.inf),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        ("tensor(0.1474, device='cuda:0')", 0.1474),
        ("tensor([2.], grad_fn=<NllLossBackward0>)", 2.0),
        ("[-0.5]", -0.5),
        ("510895.58 (tracked)", 510895.58),
    ],
)
def test_numbers(value: object, expected: float) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    "value",
    [None, True, "NA", "", "1_000", "0x10", "abc", "1.2.3", [1.0], {"a": 1}, "9" * 99, "١", "tensor(1, 2)", "[1, 2]"],
)
def test_no_numbers(value: object) -> None:
    assert number(value) is None


def test_nan_is_a_number() -> None:
    assert math.isnan(number("NaN") or 0.0)


rows = st.lists(st.lists(st.floats(), min_size=3, max_size=3), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_a_grid_reads_what_repr_writes(values: list[list[float]]) -> None:
    data = "".join(",".join(map(repr, row)) + "\n" for row in values).encode()
    found = grid(data, b",", 3)
    assert found is not None
    np.testing.assert_array_equal(found, np.array(values))


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|"])
def test_empty_cells_are_missing(delimiter: bytes) -> None:
    found = grid(b",1,\n,,\n2,NA,3\r\n".replace(b",", delimiter), delimiter, 3)
    assert found is not None
    assert found.tolist() == [[MISSING, 1, MISSING], [MISSING] * 3, [2, MISSING, 3]]


@pytest.mark.parametrize(
    "data", [b"1,2\n3\n", b"1,2\n3,4,5\n", b"1,x\n", b"1,2", b"", b"1,2\n\n3,4\n", b"1 2,3\n", b"0x1,2\n"]
)
def test_anything_else_is_left_to_others(data: bytes) -> None:
    found = grid(data, b",", 2)
    assert found is None


def test_a_delimiter_in_quotes_parts_no_cells() -> None:
    assert grid(b'1,"2,3"\n', b",", 3, [True] * 3) is None
    assert grid(b'1,"2","x"\n', b",", 3, [False, False, True]) is not None


def test_a_column_of_numbers_takes_no_words_but_those_that_say_nothing() -> None:
    assert grid(b"1,a2\n2,b\n", b",", 2, [False, True]) is not None
    found = grid(b"1,None\n2,-\n3,N/A\n", b",", 2, [False, False])
    assert found is not None
    assert found[:, 1].tolist() == [MISSING] * 3
    for cell in (b"0.x5", b"\xff", b"3z", b"0.e"):
        assert grid(b"1,%b\n" % cell, b",", 2, [False, False]) is None


NANS = ["1.#QNAN000", "-1.#IND", "1.#J", "1.#R", "1.#QNANe+000", "-nan(ind)", "nan(snan)", "NaN(0x1f)", "nan()", "+nan"]
INFINITIES = ["1.#INF", "1.#INF00", "INFINITY", "+inf"]


@pytest.mark.parametrize("text", NANS)
def test_every_spelling_of_nan(text: str) -> None:
    assert math.isnan(number(text) or 0.0)
    assert "nan" in plain(f"loss = {text} * 500").lower().split("= ")[1]


@pytest.mark.parametrize("text", INFINITIES)
def test_every_spelling_of_infinity(text: str) -> None:
    assert number(text) == math.inf
    assert number("-" + text.removeprefix("+")) == -math.inf


@pytest.mark.parametrize("text", ["nan(best)", "scan(1)", "v1.#INF", "1.#INF2x", "an(ind)", "1.#"])
def test_what_looks_like_one_stays(text: str) -> None:
    assert plain(text) == text
    assert number(text) is None


def test_nan_below_words_is_read() -> None:
    found = grid(b"1,train\n2,1.#QNAN\n3,-nan(ind)\n", b",", 2, [False, True])
    assert found is not None
    assert np.isnan(found[1:, 1]).all()
    assert found[0, 1] == MISSING


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a=nan.0, b=-inf.0]", "a=nan, b=-inf]"), ("scan.0 nan.05 nan.0.1 1.0", "scan.0 nan.05 nan.0.1 1.0")],
)
def test_what_is_padded_to_a_width(text: str, expected: str) -> None:
    assert plain(text) == expected
