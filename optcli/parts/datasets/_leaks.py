"""Parts that don't fit together: samples that are in both, classes that are in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy.typing as npt

MOST: Final = 2**30
"""Bytes of data that are looked through; more would hold up the beginning of a training."""
MOST_SAMPLES: Final = 2_000_000
"""The same in samples: each takes a microsecond, however small."""

LISTED: Final = 5
"""Classes that a note names."""


def shared(
    train: npt.NDArray[Any], val: npt.NDArray[Any], called: Callable[[bool, int], str] | None = None
) -> tuple[str, ...]:
    """A note on validation inputs that are equal to a training input, byte for byte; none if there are none.

    Args:
        called: (is it a validation sample, its number) -> what the user calls it; by default its number.
    """
    if train.nbytes + val.nbytes > MOST or len(train) + len(val) > MOST_SAMPLES:
        return ()
    known = {_digest(row): number for number, row in enumerate(train)}
    pairs = [(n, known[digest]) for n, row in enumerate(val) if (digest := _digest(row)) in known]
    if not pairs:
        return ()
    names = called or (lambda is_val, n: f"{'validation' if is_val else 'training'} sample {n}")
    example = f"{names(True, pairs[0][0])} is {names(False, pairs[0][1])}"
    return (f"{len(pairs):,} of {len(val):,} validation inputs are training inputs too ({example})",)


def untrained(train_y: npt.NDArray[Any], val_y: npt.NDArray[Any], names: Sequence[str]) -> tuple[str, ...]:
    """A note on classes (labels (N,) each) that only the validation part has: a split by time or place may do that."""
    import numpy as np

    strange = np.setdiff1d(val_y, train_y)
    if not len(strange):
        return ()
    listed = ", ".join(f"`{names[n]}`" for n in strange[:LISTED]) + (" ..." if len(strange) > LISTED else "")
    samples = int(np.isin(val_y, strange).sum())
    return (f"no training sample is of class {listed}, but {samples:,} of {len(val_y):,} validation samples are",)


def _digest(row: npt.NDArray[Any]) -> bytes:
    return blake2b(row.tobytes(), digest_size=16).digest()
