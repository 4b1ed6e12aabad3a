"""JSON documents of curves: Keras' `History.history`, sklearn, XGBoost and LightGBM results, sacred, lists of rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from optcli.run import arrays
from optcli.run import notes as say
from optcli.run.block import Block, Column, Unreadable, series, table
from optcli.run.curve import Counts, read_only
from optcli.run.delimited import headline
from optcli.run.jsonrows import parse
from optcli.run.models import several, speaks
from optcli.run.numbers import number
from optcli.run.readers import hf
from optcli.run.roles import EPOCH_NAMES, SPLITS, STEP_NAMES, split_in
from optcli.run.rows import flat, tagged
from optcli.run.source import Source
from optcli.run.torn_json import one_after_another, salvage

_LISTS: Final = re.compile(rb'^\s*\{\s*"[^"]*"\s*:\s*(?:\{\s*"[^"]*"\s*:\s*)?\[\s*["\dN\-+I{n\[]')
_BY_ROW: Final = re.compile(rb'"([^"\\]{1,80})"\s*:\s*\{\s*"0"\s*:')
"""A column as pandas writes it: `"loss":{"0":2.3,"1":1.9}`."""
_PYTHON: Final = re.compile(rb"^\s*\"?\{\s*'[^'\"]*'\s*:\s*\[")
"""A Python dict of lists, as `print` and `str` put it; in quotes where JSON was made of that."""
_WRAPPED: Final = re.compile(rb"\b(?:(?:np|numpy|torch)\.)?(?:float\d\d|array|tensor)\(([^()]*)\)")
_ROWS: Final = re.compile(rb'^\s*\[\s*\{\s*"')
_TRIPLES: Final = re.compile(rb"^\s*\[\s*\[\s*[\d.eE+]+\s*,")
_BARE: Final = re.compile(
    rb"^\s*\[(?:\s*(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN|null)\s*[,\]]){3}(?!.*\n\[)", re.S
)
_COUNTED: Final = re.compile(r"(?:epoch|step|iter|iteration|round)?[ _-]?(\d{1,12})", re.I)
_NAMED: Final = {
    "train/loss": "train_metric",
    "val/loss": "monitor_metric",
    "train/accuracy": "train_metric_acc",
    "val/accuracy": "monitor_metric_acc",
}
"""Role -> key under which OverfitGuard's histories (Li et al. 2024, arXiv:2401.10359) name the list that plays it."""
BEGIN: Final = 4096
"""Bytes in which a document shows what it is."""
WRAPPERS: Final = ("history", "log_history", "logs", "metrics", "records", "results", "evals_result")
"""Keys under which people put the curves of a larger document."""


def sniff(head: bytes, name: str) -> float:
    """A JSON document that begins with a list of numbers under a name, or with a list of objects."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if _LISTS.match(head):
        return 0.93 if b'"steps"' in head and b'"values"' in head else 0.92
    if _PYTHON.match(head):
        return 0.91
    if _ROWS.match(head):
        return 0.72
    if _BARE.match(head):
        return 0.5 if headline(_stem(name)) else 0.25
    if head.lstrip()[:1] == b"{" and any(headline(name.decode("utf-8", "replace")) for name in _BY_ROW.findall(head)):
        return 0.6
    # Any other object: not a curve as a rule, and `blocks` says so in words that a rejection could not give.
    return 0.35 if head.lstrip()[:1] == b"{" or _TRIPLES.match(head) else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """All curves of the document; of one that breaks off those before the break, if it plainly is a log: the torn first
    line of one of JSON lines may hold a list, too.

    Raises:
        Unreadable: it is no JSON, or has no curve in it.
    """
    data = source.read()
    data = _as_json(data) if _PYTHON.match(data[:BEGIN]) else data
    broken = ""
    try:
        document = parse(data)
    except ValueError as error:
        broken = f"not a log format that is known, and not whole JSON either ({error})"
        document = _parts(data, source)
    found = list(_blocks(document, source.name))
    plain = not source.skipped or any(headline(name) for block in found for name in block.columns)
    if not found or not plain:
        raise Unreadable(source.path, broken or _reason(document))
    yield from found


def _as_json(data: bytes) -> bytes:
    """A printed Python dict as JSON."""
    bare = data.strip().strip(b'"').replace(b"'", b'"').replace(b"None", b"null")
    return _WRAPPED.sub(rb"\1", bare)


def _parts(data: bytes, source: Source) -> Any:
    """What there is of a file that isn't one whole document."""
    found = one_after_another(data)
    if len(found) > 1:
        return found
    try:
        document, broke = salvage(data)
    except ValueError:
        return None
    source.skipped.append((broke, len(data)))
    return document


def _blocks(document: Any, name: str) -> Iterator[Block]:
    if isinstance(document, list):
        yield from _list(document, name)
    elif isinstance(document, dict):
        yield from _object(document, name)


def _list(document: list[Any], name: str) -> Iterator[Block]:
    """A list of rows; or what TensorBoard's page saves: a list of [wall time, step, value]."""
    if len(document) > 1 and hf.wrote(document):
        yield replace(hf.of_rows(document), format="json-rows")
        return
    rows = [tagged(row) for row in document if isinstance(row, dict)]
    if len(rows) > 1:
        yield table([row for row in rows if row], format="json-rows")
    elif len(points := arrays.points(document, 3)) > 1:
        time, step, value = zip(*points, strict=True)
        yield Block(
            {_stem(name).rpartition("-tag-")[2] or "value": series(value, step, time)}, format="tensorboard-json"
        )
    elif (curve := arrays.curve(document)) is not None:
        stem = _stem(name) or "value"
        note = say.note(say.NO_NAMES, f"a list without a name: it is called `{stem}`, as its file is")
        yield Block({stem: curve}, format="json-list", axis="row" if curve.step is None else None, notes=(note,))


def _stem(name: str) -> str:
    return re.sub(r"\.json(\.gz)?$", "", name.rpartition("/")[2])


def _object(document: dict[str, Any], name: str) -> Iterator[Block]:
    if sacred := _sacred(document):
        yield Block(sacred, format="sacred")
        return
    if rows := _counted(document):
        yield table(rows, format="json-rows")
        return
    if split := _by_split(document):
        yield _together(split, "json-rows", {})
        return
    lists = arrays.by_name(document)
    while (top := _around(lists)) is not None and isinstance(document.get(top), Mapping):
        document, lists = document[top], {name.removeprefix(f"{top}/"): values for name, values in lists.items()}
    pairs = _pairs(document)
    if pairs:
        columns = {key: series(*reversed(list(zip(*points, strict=True)))) for key, points in pairs.items()}
        yield Block(columns, format="json-pairs", roles=_flower(columns))
    if models := several(lists):
        for model, its in models.items():
            yield replace(_together(its, "keras-history", {}), run=model)
    elif lists:
        told = {role: document.get(key) for role, key in _NAMED.items()}
        named = {role: name for role, name in told.items() if isinstance(name, str) and name in lists}
        yield _together(lists, _format(document), named)
    if lists or pairs:
        return
    keys = [key for key in WRAPPERS if isinstance(document.get(key), (dict, list))]
    keys += [key for key, value in document.items() if isinstance(value, list) and key not in keys]
    for key in keys:
        found = list(_blocks(document[key], name))
        if found:
            yield from found
            return


def _around(names: Iterable[str]) -> str | None:
    """The name around all these names, if it says nothing of its own (`history`)."""
    tops = {top if inside else "" for top, inside, _ in (name.partition("/") for name in names)}
    top = next(iter(tops), "")
    return top if len(tops) == 1 and top and split_in(top) is None and not speaks(top) else None


def _by_split(document: Mapping[str, Any]) -> dict[str, list[float]]:
    """Lists from rows under the name of their split: `{"train": [{"loss": ...}, ...], "val": [...]}`."""
    found: dict[str, list[float]] = {}
    for key, value in document.items():
        rows = [flat(row) for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        if str(key).lower() not in SPLITS or len(rows) < 2:
            continue
        for name in rows[0]:
            values = [row[name] for row in rows if name in row]
            if len(values) == len(rows):
                found[f"{key}/{name}"] = values
    return found


def _pairs(tree: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, list[list[float]]]:
    """Lists of [step, value] by name."""
    found: dict[str, list[list[float]]] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and depth < 3:
            found |= _pairs(value, f"{prefix}{key}/", depth + 1)
        elif len(points := arrays.points(value, 2)) > 1:
            found[f"{prefix}{key}"] = points
    return found


def _flower(columns: Mapping[str, Any]) -> dict[str, str]:
    """Flower's `History` calls what it evaluates by the place where that was done; `_fit` alone is training."""
    told = {"val/loss": "losses_centralized", "val/accuracy": "metrics_centralized/accuracy"}
    here = {role: name for role, name in told.items() if name in columns}
    there = {role: name.replace("centralized", "distributed") for role, name in told.items()}
    return {role: name for role, name in there.items() if name in columns} | here


def _counted(document: Mapping[str, Any]) -> list[dict[str, float]]:
    """Rows under the number of their epoch: `{"0": {"loss": ...}, "1": ...}` or `{"epoch_0": ...}`."""
    places = [_COUNTED.fullmatch(str(key)) for key in document]
    if len(places) < 2 or not all(places) or not all(isinstance(row, dict) for row in document.values()):
        return []
    rows = [tagged(row) for row in document.values()]
    if not all(rows):
        return []
    return [{"epoch": float(at[1]), **row} for at, row in zip(places, rows, strict=True) if at]


def _together(lists: dict[str, list[float]], format: str, named: dict[str, str]) -> Block:
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
    epochs: Counts | None = "epoch" if counted and format != "boosting-json" else None
    return Block(columns, format=format, axis=epochs, roles={**arrays.scores(lists), **_boosted(columns), **named})


def _boosted(columns: Mapping[str, Any]) -> dict[str, str]:
    """XGBoost's scikit-learn interface calls the first set `validation_0`; with a second one it is the training set."""
    first = [n for n in columns if n.startswith("validation_0/")]
    second = [n for n in columns if n.startswith("validation_1/")]
    return {"train/loss": first[0], "val/loss": second[0]} if first and second else {}


def _format(document: Mapping[str, Any]) -> str:
    if {"loss_curve_", "validation_scores_"} & set(document):
        return "sklearn-json"
    inner = [v for v in document.values() if isinstance(v, Mapping)]
    if len(inner) == len(document) and not any({"loss", "acc", "accuracy", "0"} & set(v) for v in inner):
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
