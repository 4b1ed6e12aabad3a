"""JSON documents that break off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from optcli.run.torn_json import one_after_another, salvage

WHOLE = b'{"a": [1, 2.5, -3e2], "b\\"]": {"c": "x,]", "d": [[4, NaN], []]}, "\xc3\xa9": null}'


@pytest.mark.parametrize(
    ("text", "document", "used"),
    [
        (b'{"a": [1, 2, 3', {"a": [1, 2]}, b'{"a": [1, 2'),
        (b'{"a": [1, 2], "b": [\n', {"a": [1, 2], "b": []}, b'{"a": [1, 2], "b": ['),
        (b'{"a": [1, 2], "b', {"a": [1, 2]}, b'{"a": [1, 2]'),
        (b'{"a": [1, 2], "b": 3', {"a": [1, 2]}, b'{"a": [1, 2]'),
        (b'[{"a": 1}, {"a": 2}, {"a": ', [{"a": 1}, {"a": 2}, {}], b'[{"a": 1}, {"a": 2}, {'),
        (b'{"a": [1, 2,, 3], "b": [4]}', {"a": [1, 2]}, b'{"a": [1, 2'),
        (b'{"a": [1, 2], "b, [\0c": 3}', {"a": [1, 2]}, b'{"a": [1, 2]'),
        (b'{"a": [1, 2]} and more', {"a": [1, 2]}, b'{"a": [1, 2]}'),
        (b'\xef\xbb\xbf{"\xc3\xa9": [1, 2', {"\xe9": [1]}, b'\xef\xbb\xbf{"\xc3\xa9": [1'),
    ],
)
def test_what_stands_before_the_break(text: bytes, document: Any, used: bytes) -> None:
    assert salvage(text) == (document, len(used))


@pytest.mark.parametrize("end", range(1, len(WHOLE)))
def test_wherever_it_breaks_nothing_is_made_up(end: int) -> None:
    document, used = salvage(WHOLE[:end])
    assert used <= end
    assert _within(document, json.loads(WHOLE))


def _within(part: Any, whole: Any) -> bool:
    """Whether all that is in `part` stands at the same place in `whole`."""
    if isinstance(part, dict):
        return all(key in whole and _within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return len(part) <= len(whole) and all(_within(*pair) for pair in zip(part, whole, strict=False))
    return bool(part == whole) or part != part


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"words", b"[" * 100_000])
def test_what_has_no_beginning_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        salvage(text)


def test_objects_one_after_the_other_until_one_is_torn() -> None:
    assert one_after_another(b'{"a": 1}\n{\n"a": 2},{"a"') == [{"a": 1}, {"a": 2}]
