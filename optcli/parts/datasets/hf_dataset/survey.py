"""Which columns of which parts are inputs and target, and what task that makes."""

from __future__ import annotations

import math
import os
import statistics
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal

from optcli.parts.datasets._split import held_out
from optcli.parts.datasets.csv.columns import FEW, LARGEST
from optcli.parts.datasets.hf_dataset import sample, texts
from optcli.parts.facts import Facts

if TYPE_CHECKING:
    from optcli.parts.datasets.hf_dataset import Options

VALIDATION: Final = ("validation", "valid", "val", "test")
ROWS: Final = ("id", "idx", "index", "unnamed: 0", "__index_level_0__")
"""Columns that number the rows."""
TARGETS: Final = ("label", "labels", "target", "class", "y")
Kind = Literal["picture", "text", "list", "numbers"]


@dataclass(frozen=True, slots=True)
class Survey:
    """All that `load` needs to know."""

    facts: Facts
    kind: Kind
    parts: tuple[Any, Any]
    """The set's rows for training and for validation."""
    inputs: tuple[str, ...]
    target: str
    """Empty for a text."""
    labels: tuple[Any, ...]
    """The values of the target in the order of the classes; empty for a regression."""
    mean: float = 0.0
    deviation: float = 1.0
    """Of the training targets (regression)."""
    streams: tuple[Any, ...] = ()
    """The tokens of both parts, where a tokenizer makes them of a text to go on with."""


def survey(options: Options) -> Survey:
    """Open the set; the result is kept until the folder changes.

    Raises:
        ValueError: see `optcli.parts.datasets.hf_dataset.facts`.
    """
    path = os.path.expanduser(options.path)
    files = [os.path.join(at, name) for at, _, inside in os.walk(path) for name in inside]
    if options.tokenizer is not None and os.path.isfile(tokenizer := os.path.expanduser(options.tokenizer)):
        files.append(tokenizer)
    return _survey(options, path, max((os.stat(file).st_mtime_ns for file in files), default=0))


@lru_cache(maxsize=2)
def _survey(options: Options, path: str, _stamp: int) -> Survey:
    train, val = _parts(options, _opened(options.path, path))
    target = "" if options.task == "language" else _target(options, train.features)
    kind, inputs = _inputs(options, train.features, target)
    if kind == "text" and not target:
        return _text(options, inputs, (train, val) if val is not None else _tail(train, options.validation))
    if not target:
        columns = ", ".join(train.features)
        raise ValueError(f"{options.path}: which column is the target? set `target` to one of {columns}")
    values = train[target][:]
    classes = _are_classes(train.features[target], values)
    if val is None:
        chosen = held_out(values if classes else [0] * len(values), options.validation, options.split_seed)
        others = sorted(set(range(len(values))) - set(chosen))
        train, val = train.select(others), train.select(chosen)
    return _labelled(options, kind, inputs, target, (train, val), classes)


def _text(options: Options, inputs: tuple[str, ...], parts: tuple[Any, Any]) -> Survey:
    streams: tuple[Any, ...] = ()
    if options.tokenizer is not None:
        streams = tuple(texts.stream(options.tokenizer, part[inputs[0]][:]) for part in parts)
    lengths = map(len, streams) if streams else (sample.length(part, inputs[0]) for part in parts)
    train, val = (max(0, length - 1) // options.context for length in lengths)
    if not train or not val:
        raise ValueError(f"{options.path}: too little text for a window; choose a smaller `context`")
    tokens = texts.vocabulary(options.tokenizer)[0] if streams else texts.BYTES
    facts = Facts("language", train, val, (options.context,), tokens)
    return Survey(facts, "text", parts, inputs, "", (), streams=streams)


def _are_classes(feature: Any, values: list[Any]) -> bool:
    """Words, and few different whole numbers."""
    known = [value for value in values if value is not None]
    if hasattr(feature, "names") or any(isinstance(value, str | bool) for value in known[:1]):
        return True
    return all(isinstance(value, int) for value in known) and len(set(known)) <= FEW


def _labelled(
    options: Options, kind: Kind, inputs: tuple[str, ...], target: str, parts: tuple[Any, Any], classes: bool
) -> Survey:
    train, val = (part[target][:] for part in parts)
    said = getattr(parts[0].features[target], "names", None)
    if any(_is_missing(value) or (said and value < 0) for value in (*train, *val)):
        raise ValueError(f"{options.path}: the target `{target}` is missing in some rows; leave them out")
    if not train or not val:
        raise ValueError(f"{options.path}: too few rows for a training and a validation part")
    tokens, pad = texts.vocabulary(options.tokenizer) if kind == "text" else (0, None)
    shape = (options.context,) if kind == "text" else sample.shape(parts[0], kind, inputs, options.size)
    alike = f"the target `{target}` is {train[0]} in all training rows" if len(set(train)) == 1 < len(train) else ""
    if not classes:
        if max(map(abs, (*train, *val))) > LARGEST:
            raise ValueError(f"{options.path}: the target `{target}` reaches beyond {LARGEST:g}; take another unit")
        mean, deviation = statistics.fmean(train), statistics.pstdev(train) or 1.0
        variance = statistics.pvariance(val) / deviation**2
        facts = Facts("regression", len(train), len(val), shape, 1, variance, alike=alike, tokens=tokens, pad=pad)
        return Survey(facts, kind, parts, inputs, target, (), mean, deviation)
    labels = tuple(range(len(said))) if said else tuple(sorted({*train, *val}))
    if len(labels) < 2:
        raise ValueError(f"{options.path}: the target `{target}` is the same in all rows; name another column")
    names = tuple(map(str, said or labels))
    facts = Facts(
        "classification", len(train), len(val), shape, len(labels), names=names, alike=alike, tokens=tokens, pad=pad
    )  # fmt: skip
    return Survey(facts, kind, parts, inputs, target, labels)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def _opened(name: str, path: str) -> dict[str, Any]:
    """The set's parts by name."""
    try:
        package = import_module("datasets")
    except ImportError as error:
        raise ValueError('`hf_dataset` needs datasets; pip install "optcli[hf]"') from error
    package.disable_progress_bars()
    saved = any(os.path.isfile(os.path.join(path, one)) for one in ("dataset_dict.json", "state.json"))
    try:
        found = package.load_from_disk(path) if saved else package.load_dataset(path if os.path.isdir(path) else name)
    except Exception as error:  # no such folder, no network, files of no known kind: of many classes
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ValueError(f"{name}: not a data set that can be opened: {reason}") from error
    return dict(found) if hasattr(found, "keys") else {"train": found}


def _parts(options: Options, found: dict[str, Any]) -> tuple[Any, Any]:
    """Rows for training and, if the set has them apart, for validation."""
    given = options.validation_split
    for name in (options.train_split, *([given] if given else [])):
        if name not in found:
            raise ValueError(f"{options.path}: no part is called `{name}`; there is {', '.join(found)}")
    val = given or next((name for name in VALIDATION if name in found and name != options.train_split), None)
    return found[options.train_split], found[val] if val else None


def _target(options: Options, features: Any) -> str:
    if options.target is not None:
        return _known(options, features, options.target)
    usual = [name for name in TARGETS if name in features]
    classes = [name for name, one in features.items() if hasattr(one, "names")]
    return usual[0] if usual else classes[0] if len(classes) == 1 else ""


def _known(options: Options, features: Any, name: str) -> str:
    if name in features:
        return name
    near = get_close_matches(name, features, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"there is {', '.join(features)}"
    raise ValueError(f"{options.path}: no column `{name}`; {hint}")


def _inputs(options: Options, features: Any, target: str) -> tuple[Kind, tuple[str, ...]]:
    """What kind of inputs there are, and in which columns."""
    names = [_known(options, features, name) for name in options.inputs or features if name != target]
    kinds = {name: sample.kind(features[name]) for name in names}
    # Beside a target, a text is often a remark: where there is anything else but row numbers, that is learned from.
    order: tuple[Kind, ...] = (
        ("picture", "list", "numbers", "text") if target else ("picture", "text", "list", "numbers")
    )
    for kind in order:
        some = [name for name in names if kinds[name] == kind]
        if kind == "numbers":
            some = some if options.inputs else [name for name in some if name.lower() not in ROWS]
        elif len(some) > 1 or (some and options.inputs and len(names) > 1):
            raise ValueError(f"{options.path}: one column of {kind}s makes an input; name it with `inputs`")
        if some:
            return kind, tuple(some)
    raise ValueError(f"{options.path}: no column to learn from besides the target `{target}`")


def _tail(rows: Any, share: float) -> tuple[Any, Any]:
    at = len(rows) - max(1, math.ceil(share * len(rows)))
    return rows.select(range(at)), rows.select(range(at, len(rows)))
