"""Which arrays of which files are inputs and targets, what task that makes, and how many samples are in each part."""

from __future__ import annotations

import math
import os
import statistics
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from optcli.parts.datasets._split import held_out, tail, whole_groups
from optcli.parts.datasets.arrays.header import Header, headers
from optcli.parts.datasets.arrays.values import chunks
from optcli.parts.facts import Facts, Task

if TYPE_CHECKING:
    from optcli.parts.datasets.arrays import Options

INPUTS: Final = ("x", "inputs", "input", "images", "image", "features", "data", "samples", "input_ids")
TARGETS: Final = ("y", "targets", "target", "labels", "label", "classes")
TRAINING: Final = ("train",)
VALIDATION: Final = ("val", "valid", "validation", "test")
CHANNELS: Final = 4
"""Pictures have at most so many; what is larger is a height or a width."""
MOST_CLASSES: Final = 100_000
"""More different whole numbers are quantities."""
LARGEST: Final = 3.4e38
"""Of the 32-bit floats that training counts with."""
MOST_VALUES: Final = 5_000_000
"""Targets of a regression beyond which their variance isn't computed: it would take seconds."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Inputs and targets with as many rows."""

    x: Header
    y: Header

    @property
    def samples(self) -> int:
        return self.x.shape[0]


@dataclass(frozen=True, slots=True)
class Survey:
    """All that `load` needs to know before it reads the numbers."""

    train: Pair
    val: Pair | None
    """None: a part of `train` is."""
    facts: Facts
    held_out: list[int]
    """Rows of `train` that are for validation, for a random split."""
    labels: list[int]
    """The classes' labels in order, where they aren't 0, 1, 2 ..."""


def survey(options: Options) -> Survey:
    """Read headers and targets; the result is kept until a file changes.

    Raises:
        OSError, ValueError: see `optcli.parts.datasets.arrays.facts`.
    """
    files = (options.file, options.target_file, options.validation_file, options.validation_target_file)
    stats = [os.stat(os.path.expanduser(file)) for file in files if file]
    return _survey(options, os.getcwd(), tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in stats))


@lru_cache(maxsize=4)
def _survey(options: Options, _directory: str, _stamps: tuple[tuple[int, int, int], ...]) -> Survey:
    train, val = _pairs(options)
    task = _task(options, train)
    for pair in (train, val) if val else (train,):
        _agree(options, pair, train, task)
    if not val and train.samples < 2:
        raise ValueError(f"{train.x.where}: {train.samples} samples are too few for a training and a validation part")
    numbers, others = (_whole(one.y) if one and task == "classification" else [] for one in (train, val))
    labels = _labels(options, train.y, numbers, others) if task == "classification" else []
    chosen: list[int] = []
    if val is None and options.split == "random":
        chosen = held_out(numbers if labels else [0] * train.samples, options.validation, options.split_seed)
    elif val is None and options.split == "grouped":
        chosen = whole_groups(_groups(options, train), options.validation, options.split_seed)
    size = val.samples if val else len(chosen) or tail(train.samples, options.validation)
    outputs, variance, names = 1, None, tuple(map(str, labels))
    if task == "regression":
        outputs, variance = (
            math.prod(train.y.shape[1:]),
            _variance(val.y if val else train.y, val is None, chosen, size),
        )
    elif task == "language":
        outputs = _tokens([one for pair in (train, val) if pair for one in (pair.x, pair.y)], options.classes)
    else:
        outputs = len(labels) if labels else math.prod(train.y.shape[1:])
    left = train.samples - (0 if val else size)
    tokens = _tokens([pair.x for pair in (train, val) if pair], None) if options.pad is not None else 0
    facts = Facts(
        task, left, size, shape(train.x), outputs, variance, names, alike=_alike(train.y), tokens=tokens,
        pad=options.pad,
    )  # fmt: skip
    return Survey(train, val, facts, chosen, labels if labels != list(range(len(labels))) else [])


def _pairs(options: Options) -> tuple[Pair, Pair | None]:
    """The arrays for training and, if they are apart, for validation."""
    path = os.path.expanduser(options.file)
    found = headers(path)
    if options.validation_file:
        other = os.path.expanduser(options.validation_file)
        val = _pair(options, headers(other), other, options.validation_target_file)
        return _pair(options, found, path, options.target_file), val
    inside = _four(found) if not (options.inputs or options.target or options.target_file) else None
    return inside or (_pair(options, found, path, options.target_file), None)


def _groups(options: Options, train: Pair) -> list[int]:
    """The group of each sample."""
    path = os.path.expanduser(options.file)
    found = headers(path)
    if options.groups is None or "" in found:
        told = "an npy file holds one array only" if options.groups else "`split: grouped` needs an array of groups"
        raise ValueError(f"{path}: {told}; name one in an archive with `groups`")
    groups = _one(found, path, "groups", options.groups, ())
    if groups.shape != (train.samples,):
        raise ValueError(
            f"{groups.where}: its shape {groups.shape} is not one number for each of {train.samples:,} samples"
        )
    return _whole(groups)


def _four(found: dict[str, Header]) -> tuple[Pair, Pair] | None:
    """The four arrays of an archive that holds both parts, by usual names such as `x_train` or `test_labels`."""

    def named(kinds: tuple[str, ...], parts: tuple[str, ...]) -> Header | None:
        names = (form for k in kinds for p in parts for form in (f"{k}_{p}", f"{p}_{k}"))
        return next((found[name] for name in names if name in found), None)

    x, y, vx, vy = (named(kinds, part) for part in (TRAINING, VALIDATION) for kinds in (INPUTS, TARGETS))
    return (Pair(x, y), Pair(vx, vy)) if x and y and vx and vy else None


def _pair(options: Options, found: dict[str, Header], path: str, target_file: str | None) -> Pair:
    x = _one(found, path, "inputs", options.inputs, INPUTS)
    if target_file is None and "" in found:
        raise ValueError(f"{path}: an npy file holds one array only; name the file of the targets with `target_file`")
    other = os.path.expanduser(target_file) if target_file else path
    return Pair(x, _one(headers(other) if target_file else found, other, "target", options.target, TARGETS))


def _one(found: dict[str, Header], path: str, option: str, wanted: str | None, usual: tuple[str, ...]) -> Header:
    """The array that is meant."""
    if wanted is not None and "" not in found:
        if wanted in found:
            return found[wanted]
        near = get_close_matches(wanted, found, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"it holds {', '.join(found) or 'none'}"
        raise ValueError(f"{path}: no array `{wanted}`; {hint}")
    lowered = {name.lower(): one for name, one in found.items()}
    match = [lowered[name] for name in usual if name in lowered]
    if match or len(found) == 1:
        return match[0] if match else next(iter(found.values()))
    raise ValueError(f"{path}: which array is the {option}? set `{option}` to one of {', '.join(found) or 'none'}")


def shape(x: Header) -> tuple[int, ...]:
    """One sample's shape as the model gets it: pictures as (channels, height, width)."""
    one = x.shape[1:]
    if len(one) == 2 and not _tokenlike(x):
        return (1, *one)
    return (one[2], *one[:2]) if channels_last(x) else one or (1,)


def channels_last(x: Header) -> bool:
    """Whether these are pictures whose channels are the last axis."""
    return len(x.shape) == 4 and x.shape[-1] <= CHANNELS < x.shape[1]


def _tokenlike(x: Header) -> bool:
    return False if len(x.shape) != 2 else x.kind[1] in "iu" and x.kind != "|u1"


def _task(options: Options, pair: Pair) -> Task:
    if options.task != "auto":
        return options.task
    if pair.y.kind[1] != "f" and _tokenlike(pair.x) and pair.y.shape == pair.x.shape:
        return "language"
    several = math.prod(pair.y.shape[1:]) > 1 and _bits(pair.y)
    if several and sum(map(sum, chunks(pair.y))) != pair.samples:  # one-hot rows are labels, written otherwise
        return "multilabel"
    return "regression" if pair.y.kind[1] == "f" else "classification"


def _bits(y: Header) -> bool:
    """Whether it holds nothing but 0 and 1."""
    return all({*chunk} <= {0, 1} for chunk in chunks(y))


def _agree(options: Options, pair: Pair, first: Pair, task: Task) -> None:
    """Inputs and targets belong together, and both parts are alike."""
    x, y = pair.x, pair.y
    if not x.shape or not y.shape or x.shape[0] != y.shape[0]:
        raise ValueError(f"{y.where}: its shape {y.shape} has another number of rows than the inputs' {x.shape}")
    if not x.shape[0] or 0 in x.shape:
        raise ValueError(f"{x.where}: no samples, the shape is {x.shape}")
    if x.shape[1:] != first.x.shape[1:] or y.shape[1:] != first.y.shape[1:]:
        raise ValueError(f"{x.where}: samples of shape {x.shape[1:]}, but those for training have {first.x.shape[1:]}")
    if options.scale != "none" and (task == "language" or x.kind == "|u1"):
        raise ValueError(f"{x.where}: `scale` is for numbers, not for {'tokens' if task == 'language' else 'bytes'}")
    if task == "language" and (len(x.shape) != 2 or y.shape != x.shape or "f" in (x.kind[1], y.kind[1])):
        raise ValueError(f"{y.where}: a language task needs whole numbers (N, context), inputs and targets alike")
    if options.pad is not None and (task == "language" or len(x.shape) != 2 or x.kind[1] not in "iu"):
        raise ValueError(f"{x.where}: `pad` is for rows of tokens, whole numbers (N, context), with a target each")
    if task == "classification" and math.prod(y.shape[1:]) != 1:
        raise ValueError(f"{y.where}: labels must be one number a sample, not {y.shape[1:]}; save `y.argmax(1)`")
    if task == "multilabel" and not (len(y.shape) == 2 and _bits(y)):
        raise ValueError(f"{y.where}: several labels a sample are rows of 0 and 1, one for each class: (N, classes)")


def _whole(y: Header) -> list[int]:
    """All numbers, which must be whole ones."""
    numbers: list[int] = []
    for chunk in chunks(y):
        if y.kind[1] == "f" and not all(float(value).is_integer() for value in chunk):
            raise ValueError(f"{y.where} holds numbers that are not whole; for those the task is regression")
        numbers.extend(map(int, chunk) if y.kind[1] == "f" else chunk)
    return numbers


def _labels(options: Options, y: Header, numbers: list[int], others: list[int]) -> list[int]:
    """The classes' labels in order."""
    seen = set(numbers)
    stray = sorted(set(others) - seen)
    if options.classes:
        if options.classes > MOST_CLASSES:
            told = f"`classes: {options.classes}` is more than {MOST_CLASSES:,}"
            raise ValueError(f"{y.where}: {told}; number the labels 0, 1, 2 ..., or set `task: regression`")
        wrong = next((label for label in sorted({*seen, *others}) if not 0 <= label < options.classes), None)
        if wrong is not None:
            raise ValueError(f"{y.where}: label {wrong} is not among `classes: {options.classes}`, counted from 0")
        return list(range(options.classes))
    if stray:
        raise ValueError(f"label {stray[0]} is in the validation part only; set `classes` if that is meant")
    if not 2 <= len(seen) <= MOST_CLASSES:
        raise ValueError(f"{y.where}: {len(seen):,} different labels; for quantities set `task: regression`")
    return sorted(seen)


def _tokens(arrays: list[Header], classes: int | None) -> int:
    """The number given, which the first tokens of each array are held against; else the greatest token and one more."""
    found = [(min(chunk), max(chunk)) for one in arrays for chunk in islice(chunks(one), 1 if classes else None)]
    least, most = min(low for low, _ in found), max(high for _, high in found)
    if least < 0:
        raise ValueError(f"{arrays[0].where}: tokens must be 0, 1, 2 ..., not {least}")
    if classes and most >= classes:
        raise ValueError(f"{arrays[0].where}: token {most} is not among `classes: {classes}`, counted from 0")
    return classes or int(most) + 1


def _alike(y: Header) -> str:
    """What to say where all targets are one number; the first that differs ends the reading."""
    found = chain.from_iterable(chunks(y))
    first = next(found)
    if y.shape[0] < 2 or any(value != first for value in found):
        return ""
    return f"{y.where} holds only {first:g}"


def _variance(y: Header, part: bool, chosen: list[int], size: int) -> float | None:
    """Of the finite validation targets, the mean over the targets.

    Raises:
        ValueError: one is beyond what training counts with.
    """
    if math.prod(y.shape) > MOST_VALUES:
        return None
    flat, samples = list(chain.from_iterable(chunks(y))), y.shape[0]
    rows = chosen or range(samples - size if part else 0, samples)
    width = len(flat) // samples
    step, stride = (1, samples) if y.columns_first else (width, 1)
    columns = ([flat[row * step + at * stride] for row in rows] for at in range(width))
    finite = [[float(value) for value in column if math.isfinite(value)] for column in columns]
    largest = max((abs(value) for column in finite for value in column), default=0.0)
    if largest > LARGEST:
        raise ValueError(f"{y.where}: targets reach {largest:.2g}, beyond the numbers of training; scale them")
    return statistics.fmean(statistics.pvariance(column) if column else 0.0 for column in finite)
