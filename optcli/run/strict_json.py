"""JSON that every parser accepts: RFC 8259 has no NaN and no Infinity, Python's `json` writes both unless told not to.

A non-finite number is written as `null`, and the document's `nonfinite` field says where and which:
`{"train/loss": null, "nonfinite": {"train/loss": "nan"}}`. Places inside are joined with dots: `clock.t`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def dumps(document: Any, *, indent: int | None = None) -> str:
    """The document as strict JSON; numpy's numbers are written as numbers.

    Raises:
        TypeError: something in it is no JSON value (a set, an object of one's own).
        ValueError: it contains itself.
    """
    try:
        return json.dumps(document, allow_nan=False, indent=indent, default=_plain)
    except ValueError as error:
        if "Circular" in str(error):
            raise
    found: dict[str, str] = {}
    clean = _finite(document, "", found)
    if isinstance(clean, dict):
        clean["nonfinite"] = found
    return json.dumps(clean, allow_nan=False, indent=indent, default=_plain)


def loads(text: str | bytes) -> Any:
    """Read strict JSON.

    Raises:
        ValueError: it isn't JSON, holds NaN or Infinity, or is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _plain(value: Any) -> Any:
    """A numpy number as Python's own, which `json` can write."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} is no JSON value")
    return item()


def _finite(value: Any, place: str, found: dict[str, str]) -> Any:
    """A copy of `value` with None for every non-finite number; `found` gets their places."""
    if isinstance(value, Mapping):
        return {key: _finite(inner, f"{place}.{key}" if place else str(key), found) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner, f"{place}.{i}" if place else str(i), found) for i, inner in enumerate(value)]
    if not isinstance(value, float):
        value = _plain(value) if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        found[place] = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        return None
    return value
