"""Surveyed arrays as what training takes, mapped where nothing needs to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets import Splits
from optcli.parts.datasets._leaks import shared, untrained, unused
from optcli.parts.datasets._scale import deviation
from optcli.parts.datasets.arrays.survey import Pair, Survey, channels_last
from optcli.parts.datasets.arrays.values import mapped

if TYPE_CHECKING:
    import numpy.typing as npt

    from optcli.parts.datasets.arrays import Options

LARGEST: Final = 1e3
"""Numbers beyond this saturate or explode any usual initialization."""
LOOKED_AT: Final = 1000
"""Samples that tell of the scale."""


def splits(options: Options, seen: Survey) -> Splits:
    """Both parts; notes tell of inputs that are in both."""
    import numpy as np

    x, y = _inputs(seen, seen.train), _targets(seen, seen.train)
    if seen.val is not None:
        train_x, train_y, val_x, val_y = x, y, _inputs(seen, seen.val), _targets(seen, seen.val)
    elif options.split == "tail":
        at = seen.facts.train
        train_x, train_y, val_x, val_y = x[:at], y[:at], x[at:], y[at:]
    else:
        val = np.zeros(len(x), np.bool_)
        val[seen.held_out] = True
        train_x, train_y, val_x, val_y = x[~val], y[~val], x[val], y[val]
    if options.scale == "standard":
        train_x, val_x = _standard(train_x, val_x)
    notes = (
        *_unscaled("inputs", train_x, "set `scale: standard`"),
        *_unscaled("targets", train_y, "scale them beforehand"),
        *shared(train_x, val_x),
    )
    if seen.facts.task == "classification":
        names = seen.facts.names or [str(label) for label in range(seen.facts.outputs)]
        notes += untrained(train_y, val_y, names) + unused(train_y, seen.facts.outputs)
    return Splits(train_x, train_y, val_x, val_y, notes)


def _standard(train: npt.NDArray[Any], val: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Both with the training part's mean taken off, and divided by its deviation."""
    import numpy as np

    axes = (0, 2, 3) if train.ndim == 4 else 0
    mean, by = train.mean(axes, np.float64, keepdims=True), deviation(train, axes)
    return ((train - mean) / by).astype(np.float32), ((val - mean) / by).astype(np.float32)


def _unscaled(what: str, values: npt.NDArray[Any], help: str) -> tuple[str, ...]:
    """A note on numbers that no usual initialization is made for, judged by the first samples."""
    import numpy as np

    if values.dtype.kind != "f":
        return ()
    first = np.abs(values[:LOOKED_AT].astype(np.float64))
    largest = first.max(initial=0.0, where=np.isfinite(first))
    if largest <= LARGEST:
        return ()
    return (f"{what} reach {largest:.3g}: {help}",)


def _inputs(seen: Survey, pair: Pair) -> npt.NDArray[Any]:
    import numpy as np

    x = mapped(pair.x)
    if seen.facts.task == "language" or seen.facts.tokens:
        return _tokens(x)
    if not (x.dtype.kind == "f" or x.dtype == np.uint8) or not x.dtype.isnative or not x.flags.aligned:
        x = x.astype(np.float32)
    return np.moveaxis(x, -1, 1) if channels_last(pair.x) else x.reshape(len(x), *seen.facts.shape)


def _targets(seen: Survey, pair: Pair) -> npt.NDArray[Any]:
    import numpy as np

    y = mapped(pair.y)
    if seen.facts.task in ("regression", "multilabel"):
        return y.reshape(len(y), -1).astype(np.float32, copy=False)
    if seen.facts.task == "language":
        return _tokens(y)
    labels = np.asarray(y).reshape(-1).astype(np.int64)
    return np.searchsorted(np.array(seen.labels), labels).astype(np.int64) if seen.labels else labels


def _tokens(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Mapped where training can widen them batch by batch; bytes are taken for shades there, and int8 for bytes."""
    import numpy as np

    wide = values.dtype.kind == "i" and values.dtype.itemsize > 1 and values.dtype.isnative and values.flags.aligned
    return values if wide else values.astype(np.int64)
