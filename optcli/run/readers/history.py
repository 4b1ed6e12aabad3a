"""JSON documents of curves: Keras' `History.history`, sklearn, XGBoost and LightGBM results, sacred, lists of rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from optcli.run.block import Block, Column, Unreadable, table
from optcli.run.curve import read_only
from optcli.run.jsonrows import parse
from optcli.run.numbers import number
from optcli.run.roles import EPOCH_NAMES, STEP_NAMES
from optcli.run.rows import tagged
from optcli.run.source import Source

_LISTS: Final = re.compile(rb'^\s*\{\s*"[^"]*"\s*:\s*(?:\{\s*"[^"]*"\s*:\s*)?\[\s*["\dN\-+I{n\[]')
_ROWS: Final = re.compile(rb'^\s*\[\s*\{\s*"')
WRAPPERS: Final = ("history", "log_history", "logs", "metrics", "records", "results", "evals_result")
"""Keys under which people put the curves of a larger document."""


def sniff(head: bytes, name: str) -> float:
    """A JSON document that begins with a list of numbers under a name, or with a list of objects."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if _LISTS.match(head):
        return 0.93 if b'"steps"' in head and b'"values"' in head else 0.92
    if _ROWS.match(head):
        return 0.72
    # Any other object: not a curve as a rule, and `blocks` says so in words that a rejection could not give.
    return 0.35 if head.lstrip()[:1] == b"{" else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """All curves of the document.

    Raises:
        Unreadable: it is no JSON, or has no curve in it.
    """
    try:
        document = parse(source.read())
    except ValueError as error:
        raise Unreadable(source.path, f"not a log format that is known, and not whole JSON either ({error})") from None
    found = list(_blocks(document))
    if not found:
        raise Unreadable(source.path, _reason(document))
    yield from found


def _blocks(document: Any) -> Iterator[Block]:
    if isinstance(document, list):
        rows = [tagged(row) for row in document if isinstance(row, dict)]
        if len(rows) > 1:
            yield table([row for row in rows if row], format="json-rows")
        return
    if not isinstance(document, dict):
        return
    if sacred := _sacred(document):
        yield Block(sacred, format="sacred")
        return
    lists = _lists(document)
    if lists:
        yield _together(lists, _format(document))
        return
    for key in WRAPPERS:
        if isinstance(document.get(key), (dict, list)):
            yield from _blocks(document[key])
            return


def _lists(tree: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, list[float]]:
    """Lists of numbers by name; null in a list is a NaN that strict JSON couldn't hold."""
    found: dict[str, list[float]] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and depth < 3:
            found |= _lists(value, f"{prefix}{key}/", depth + 1)
        elif isinstance(value, list) and len(value) > 1:
            values = [float("nan") if v is None else number(v) for v in value]
            if all(v is not None for v in values):
                found[f"{prefix}{key}"] = [v for v in values if v is not None]
    return found


def _together(lists: dict[str, list[float]], format: str) -> Block:
    """Lists of the same length share the axis among them; lists of other lengths are counted from 0."""
    axes = {name: v for name, v in lists.items() if name.rpartition("/")[2].lower() in (*STEP_NAMES, *EPOCH_NAMES)}
    columns = {}
    for name, values in lists.items():
        if name in axes:
            continue
        axis = next((v for a, v in axes.items() if len(v) == len(values)), None)
        step = np.arange(len(values)) if axis is None else axis
        columns[name] = Column(read_only(values), step=read_only(step))
    counted = not any(name.rpartition("/")[2].lower() in STEP_NAMES for name in axes)
    epochs = "epoch" if counted and format != "boosting-json" else ""
    return Block(columns, format=format, axis=epochs, roles=_boosted(columns))


def _boosted(columns: Mapping[str, Any]) -> dict[str, str]:
    """XGBoost's scikit-learn interface calls the first set `validation_0`; with a second one it is the training set."""
    first = [n for n in columns if n.startswith("validation_0/")]
    second = [n for n in columns if n.startswith("validation_1/")]
    return {"train/loss": first[0], "val/loss": second[0]} if first and second else {}


def _format(document: Mapping[str, Any]) -> str:
    if {"loss_curve_", "validation_scores_"} & set(document):
        return "sklearn-json"
    if all(isinstance(v, Mapping) for v in document.values()):
        return "boosting-json"
    return "keras-history"


def _sacred(document: Mapping[str, Any]) -> dict[str, Column]:
    """sacred's `metrics.json`: name -> {steps, values, timestamps}."""
    found = {}
    for name, one in document.items():
        if isinstance(one, Mapping) and isinstance(one.get("values"), list) and isinstance(one.get("steps"), list):
            pairs = [(number(s), number(v)) for s, v in zip(one["steps"], one["values"], strict=False)]
            good = [(s, v) for s, v in pairs if s is not None and v is not None]
            if good:
                found[str(name)] = Column(read_only([v for _, v in good]), step=read_only([s for s, _ in good]))
    return found


def _reason(document: Any) -> str:
    if isinstance(document, dict) and any(number(v) is not None for v in document.values()):
        return "a single final metrics dict, not a curve"
    return "a JSON document without curves"
