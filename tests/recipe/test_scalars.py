"""Numbers and words by YAML 1.2's core schema, and back."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from optcli.recipe.scalars import read, write, write_text
from optcli.recipe.text import parse
from optcli.recipe.tree import Source, plain

VALUES = [
    ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5), ("5.", 5.0), ("+1", 1), ("-2", -2), ("012", 12), ("0x1F", 31),
    ("0o17", 15), ("-1.5e+2", -150.0), ("1e3", 1000.0), ("0", 0), ("-0.0", -0.0), ("true", True), ("False", False),
    ("null", None), ("~", None), ("", None), (".inf", math.inf), ("-.INF", -math.inf), ("yes", "yes"), ("no", "no"),
    ("on", "on"), ("off", "off"), ("12:30", "12:30"), ("1_000", "1_000"), ("0b11", "0b11"), ("1e", "1e"), (".", "."),
    ("2026-11-23", "2026-11-23"), ("0x", "0x"), ("nan", "nan"), ("inf", "inf"), ("1,000", "1,000"), ("tRUE", "tRUE"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_scalar_reads_as_the_core_schema_says(text: str, value: Any) -> None:
    assert read(text) == value
    assert type(read(text)) is type(value)


def test_nan_reads_as_nan() -> None:
    assert math.isnan(read(".nan"))


@pytest.mark.parametrize("text", ["1e999", "9" * 401, "-" + "9" * 400, "1e400"])
def test_a_number_that_is_too_large_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a number"):
        read(text)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json)
def test_what_is_written_reads_back(value: Any) -> None:
    again = plain(parse(Source("x", write({"key": value}))))["key"]
    assert again == value
    assert repr(again) == repr(value)


@given(st.text(max_size=30))
def test_a_text_is_one_line_and_a_text_for_other_readers_too(text: str) -> None:
    line = write_text(text)
    assert "\n" not in line
    if line.startswith('"'):
        assert yaml.safe_load(line) == text


def test_common_texts_need_no_quotes() -> None:
    for text in ("adam", "1 epoch", "5%", "data/my.csv", "cross_entropy", "optimizer.lr"):
        assert write_text(text) == text
    for text in ("1e-3", "null", "", "a: b", "- x", "a #b", " x", "x ", "{", "*a", "true", "é"):
        assert write_text(text).startswith('"')
