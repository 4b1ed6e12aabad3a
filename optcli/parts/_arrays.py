"""What an own data set returns, as the arrays that training wants; what doesn't fit is told in words for its author."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from optcli.parts import _several, _torchsets
from optcli.parts.facts import Input, Task
from optcli.parts.origin import Misuse

_NAMES: Final = ("train_x", "train_y", "val_x", "val_y")
IGNORED: Final = -100
"""The label of positions that have none: what torch's `cross_entropy` leaves out."""
SHOWN: Final = 3
"""Targets of a sample that a message names."""


def checked(made: Any, task: Task) -> tuple[tuple[Any, ...], tuple[Input, ...]]:
    """Four arrays, and what lies where in the inputs where there are several.

    Inputs, regression targets and several labels a sample (N, k) are float32, labels int64 (N,) or, of positions,
    (N, length), or pixels, (N, height, width), -100 where one has none; tokens (N, context). Inputs that are 0 or
    larger whole numbers stay so, int32 or int64, but for pictures of bytes. Two data sets of torch's, or loaders of
    them, are read into such arrays.

    Raises:
        Misuse: there aren't four, or one of them is empty, of the wrong type or shape.
    """
    if isinstance(made, (tuple, list)) and len(made) == 2 and all(map(_torchsets.is_one, made)):
        made = *_torchsets.arrays(made[0], "training"), *_torchsets.arrays(made[1], "validation")
    if _is_paired(made):
        made = *made[0], *made[1]
    if not isinstance(made, (tuple, list)) or len(made) != 4:
        found = f"{len(made)} values" if isinstance(made, (tuple, list)) else type(made).__name__
        wanted = "four arrays (train_x, train_y, val_x, val_y), or two torch Datasets"
        raise Misuse(f"it must return {wanted}, not {found}")
    made, inputs = _joined(list(made), task)
    whole = not inputs and all(_is_whole(made[at]) for at in (0, 2))
    arrays = tuple(_array(a, name, task, whole) for a, name in zip(made, _NAMES, strict=True))
    for x, y, part in ((arrays[0], arrays[1], "training"), (arrays[2], arrays[3], "validation")):
        if len(x) != len(y):
            raise Misuse(f"it has {len(x)} {part} inputs but {len(y)} targets")
        if not len(x):
            raise Misuse(f"it has no {part} samples")
    for at in (0, 1):
        train, val = arrays[at].shape[1:], arrays[at + 2].shape[1:]
        if train != val:
            raise Misuse(f"a row of {_NAMES[at]} has shape {train}, of {_NAMES[at + 2]} {val}: they must be the same")
    return arrays, inputs


def _is_paired(made: Any) -> bool:
    """Whether it is ((train_x, train_y), (val_x, val_y))."""
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        return False
    pairs = [pair for pair in made if isinstance(pair, (tuple, list)) and len(pair) == 2]
    return len(pairs) == 2 and all(hasattr(one, "__len__") for pair in pairs for one in pair)


def _is_whole(given: Any) -> bool:
    import numpy as np

    try:
        array = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    except ValueError:  # told where it is looked at closely
        return False
    shades = array.dtype == np.uint8 and array.ndim > 2
    if array.dtype.kind not in "iu" or shades or not array.ndim:
        return False
    return bool(array.min(initial=0) >= 0 and array.max(initial=0) <= np.iinfo(np.int64).max)


def _joined(made: list[Any], task: Task) -> tuple[list[Any], tuple[Input, ...]]:
    """The same with several inputs side by side in one array."""
    if not _several.several(made[0], len(made[1]) if hasattr(made[1], "__len__") else 0):
        return made, ()
    if task == "language":
        raise Misuse("train_x must be one array of tokens, (N, context): other inputs are not for language")
    if not _several.several(made[2], len(made[3]) if hasattr(made[3], "__len__") else 0):
        raise Misuse(f"train_x is a {type(made[0]).__name__} of inputs, val_x no such thing: they must be the same")
    train, val = (x if isinstance(x, Mapping) else dict(enumerate(x)) for x in (made[0], made[2]))
    if set(train) != set(val):
        raise Misuse(f"train_x has the inputs {_listed(train)}, val_x {_listed(val)}")
    made[0], made[2] = train, {key: val[key] for key in train}
    (made[0], inputs), (made[2], others) = (
        _several.side_by_side(made[at], _NAMES[at], lambda a, name: _array(a, name, task)) for at in (0, 2)
    )
    if inputs != others:
        one, other = next((a, b) for a, b in zip(inputs, others, strict=True) if a != b)
        raise Misuse(
            f"input `{one.name}` is {one.kind} {one.shape} in training, {other.kind} {other.shape} in validation"
        )
    return made, inputs


def _listed(keys: Iterable[Any]) -> str:
    return ", ".join(map(str, keys))


def notes(made: Any) -> tuple[str, ...]:
    """What to say of data sets whose samples change from one reading to the next: they were read once."""
    sets = [one for one in made if _torchsets.is_one(one)] if isinstance(made, (tuple, list)) else []
    return (_torchsets.ONCE,) if any(map(_torchsets.changes, sets)) else ()


def alike(train_y: Any, task: Task) -> str:
    """What to say where all training targets are the same; nothing where they differ, or there is only one."""
    if len(train_y) < 2 or (train_y != (train_y.flat[0] if task == "language" else train_y[0])).any():
        return ""
    what = {"regression": "targets", "language": "tokens to foretell"}.get(task, "labels")
    first = train_y[0].ravel()[: 1 if task == "language" else SHOWN]
    return f"all training {what} are {', '.join(f'{value:g}' for value in first)}"


def _array(given: Any, name: str, task: Task, whole: bool = False) -> Any:
    import numpy as np

    try:
        array = np.asarray(given.detach().cpu().numpy() if hasattr(given, "detach") else given)
    except ValueError:
        raise Misuse(f"{name} is no array: its rows differ in length") from None
    if array.ndim == 0:
        raise Misuse(f"{name} must be an array with one row a sample, not {type(given).__name__}")
    if task == "language" or (task == "classification" and name.endswith("y")):
        return _numbers(array, name, task)
    if whole and name.endswith("x"):
        narrow = array.astype(np.int32 if array.max(initial=0) <= np.iinfo(np.int32).max else np.int64)
        return narrow[:, None] if narrow.ndim == 1 else narrow
    if array.dtype.kind == "c":
        raise Misuse(f"{name} is complex: give real and imaginary part as two numbers")
    try:
        with np.errstate(over="ignore"):
            narrow = array.astype(np.float32)
    except (TypeError, ValueError):
        raise Misuse(f"{name} must hold numbers, not {_first(array)!r}") from None
    if (far := np.isinf(narrow)).any() and np.isfinite(array[far].astype(float)).any():
        raise Misuse(f"{name} reaches beyond {np.finfo(np.float32).max:.2g}, the largest number in training: scale it")
    if task == "multilabel" and name.endswith("y") and not (narrow.ndim == 2 and np.isin(narrow, (0, 1)).all()):
        raise Misuse(f"{name} must hold rows of 0 and 1, one for each class: shape (N, classes), not {narrow.shape}")
    return narrow[:, None] if narrow.ndim == 1 else narrow


def _numbers(array: Any, name: str, task: Task) -> Any:
    """Labels and tokens: 0, 1, 2, ..."""
    import numpy as np

    what = "tokens" if task == "language" else "labels"
    if array.dtype.kind in "OUS":
        if array.dtype.kind != "O" or isinstance(_first(array), str):
            use = f"number them, as numpy.unique({name}, return_inverse=True) does"
            raise Misuse(f"{name} must hold {what} 0, 1, 2, ..., not the text {_first(array)!r}: {use}")
        array = array.astype(float)
    if task == "classification" and array.ndim > 1 and array.shape[1] == 1:
        array = array[:, 0]
    dense = task == "classification" and array.ndim > 1 and not (array.ndim == 2 and _is_yes_or_no(array))
    if array.ndim != (1 if task == "classification" else 2) and not dense:
        rows = f", or `{name}.argmax(1)` of one-hot rows; where several apply, the task is multilabel"
        more = rows if task == "classification" else ""
        wanted = "one label a sample, shape (N,)" if task == "classification" else "one row of tokens a sample"
        raise Misuse(f"{name} must hold {wanted}{more}, not shape {array.shape}")
    if array.dtype.kind in "fc" and not (np.isfinite(array).all() and (array == np.floor(array.real)).all()):
        raise Misuse(f"{name} must hold whole numbers: {what} 0, 1, 2, ...; for others the task is regression")
    whole = array.real.astype(np.int64)
    told = whole[whole != IGNORED] if dense else whole
    if told.size and told.min() < 0:
        left_out = f", or {IGNORED} where there is none" if dense else ""
        raise Misuse(f"{name} must hold {what} 0, 1, 2, ...{left_out}, not {told.min()}")
    return whole


def _is_yes_or_no(array: Any) -> bool:
    """Whether rows are one-hot, or of a class each that applies or doesn't."""
    import numpy as np

    return bool(np.isin(array, (0, 1)).all())


def _first(array: Any) -> Any:
    """As Python writes it: `'a'` and not `np.str_('a')`."""
    return array.ravel()[:1].tolist()[0] if array.size else None
