"""JSON lines: the quick way and the careful way agree."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.run.jsonrows import alike, by_shape, objects, parse

names = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters='"\\'), min_size=1, max_size=9),
    min_size=2,
    max_size=5,
    unique=True,
)
values = st.one_of(st.floats(), st.integers(-(10**12), 10**12))


@settings(max_examples=80, deadline=None)
@given(names, st.data())
def test_alike_reads_what_json_writes(keys: list[str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(values, min_size=len(keys), max_size=len(keys)), min_size=1, max_size=6))
    text = "".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows).encode()
    found = alike(text)
    if found is not None:
        assert found.names == keys
        np.testing.assert_array_equal(found.values, np.array(rows, dtype=np.float64))


def test_alike_takes_ordinary_rows() -> None:
    text = b"".join(b'{"step": %d, "clock": {"t": 0.5}, "loss": NaN}\r\n' % i for i in range(9))
    found = alike(text)
    assert found is not None
    assert found.names == ["step", "clock/t", "loss"]
    assert found.values[:, 0].tolist() == list(range(9))
    assert np.isnan(found.values[:, 2]).all()


@pytest.mark.parametrize(
    "second",
    [
        '{"b": 1, "a": 2}', '{"a": 1}', '{"a": 1, "b": 2, "c": 3}', '{"a": "x", "b": 1}',
        '{"a": [1], "b": 2}', '{"a": {"b": 1}, "b": 2}', '{"a": true, "b": 2}', "", "[1, 2]",
        '{"a": 1, "b": 2', '{"a": 1, "bc": 2}',
    ],
)  # fmt: skip
def test_alike_leaves_other_rows(second: str) -> None:
    assert alike(f'{{"a": 1, "b": 2}}\n{second}\n'.encode()) is None


def test_two_kinds_of_rows() -> None:
    lines = [f'{{"step": {i}, "loss": 0.5}}' if i % 4 else f'{{"step": {i}, "val_loss": 0.25}}' for i in range(40)]
    found = by_shape("".join(f"{line}\n" for line in lines).encode())
    assert found is not None
    assert {tuple(kind.names): kind.rows.tolist() for kind in found[0]} == {
        ("step", "val_loss"): list(range(0, 40, 4)),
        ("step", "loss"): [i for i in range(40) if i % 4],
    }
    assert by_shape(b'{"a": 1, "b": 2}\nwords\n' * 20) is None


def test_bad_lines_are_told_by_their_bytes() -> None:
    rows, bad = objects(b'{"a": 1}\nwhat\n{"a": 2}\n{"a": \n', 100)
    assert rows == [{"a": 1}, {"a": 2}]
    assert bad == [(109, 113), (123, 129)]


def test_bombs_are_plain_errors() -> None:
    for text in (b"[" * 100_000, b'{"a": ' + b"9" * 9000 + b"}", b"\xff\xfe", b""):
        with pytest.raises(ValueError, match=r"."):
            parse(text)
    assert math.isnan(parse(b"NaN"))


def test_an_object_behind_a_torn_one_or_nothing_is_found() -> None:
    good = b'{"step": 1, "clock": {"t": 1}}\n'
    torn = b'{"step": 2, "clock": {"t"{"step": 3, "clock": {"t": 3}}\n'
    rows, bad = objects(good + torn + bytes(9) + good, 0)
    assert [row["step"] for row in rows] == [1, 3, 1]
    at = len(good)
    assert bad == [(at, at + 25), (at + len(torn), at + len(torn) + 9)]
    assert objects(b'{"step": 4}{"step": 5}\n', 0)[0] == []
    assert objects(b'{"step": 4}{"step": 5}\n', 0, [b'{"step"'])[0] == [{"step": 5}]


def test_values_as_c_writes_them() -> None:
    found = parse(b'{"a": nan, "b":-nan(ind), "c": [1.#QNAN, inf], "d": -1.#INF, "e": "1, nan"}')
    assert [math.isnan(x) for x in (found["a"], found["b"], found["c"][0])] == [True] * 3
    assert (found["c"][1], found["d"], found["e"]) == (math.inf, -math.inf, "1, nan")
    for text in (b'{"a": nano}', b'{"a": nan(best)}', b'{"a": 1.#}'):
        with pytest.raises(ValueError, match="Expecting"):
            parse(text)
