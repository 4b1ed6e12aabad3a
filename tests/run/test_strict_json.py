"""Strict JSON out, strict JSON in."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcli.run import strict_json

documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)


def refuse(constant: str) -> None:
    raise AssertionError(constant)


@given(documents)
def test_everything_parses_with_a_parser_that_knows_no_nan(document: Any) -> None:
    for indent in (None, 2):
        json.loads(strict_json.dumps(document, indent=indent), parse_constant=refuse)


@given(st.dictionaries(st.text(max_size=3).filter(lambda k: k != "nonfinite"), st.floats()))
def test_what_is_lost_is_named(document: dict[str, float]) -> None:
    back = strict_json.loads(strict_json.dumps(document))
    named = back.pop("nonfinite", {})
    assert {key: float(text) for key, text in named.items()} == pytest.approx(
        {key: value for key, value in document.items() if not math.isfinite(value)}, nan_ok=True
    )
    assert {key: value for key, value in back.items() if value is not None} == {
        key: value for key, value in document.items() if math.isfinite(value)
    }


def test_places_inside_are_told_with_dots() -> None:
    text = strict_json.dumps({"a": [1.0, {"b": float("-inf")}], "n": np.float32("nan"), "i": np.int64(3)})
    assert json.loads(text) == {"a": [1.0, {"b": None}], "n": None, "i": 3, "nonfinite": {"a.1.b": "-inf", "n": "nan"}}


def test_what_is_no_json_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="Circular"):
        strict_json.dumps(loop)
    with pytest.raises(TypeError, match="set is no JSON value"):
        strict_json.dumps({"a": {1}})
    for text in ("NaN", "[Infinity]", "{", "[" * 100_000):
        with pytest.raises(ValueError, match=r"."):
            strict_json.loads(text)
