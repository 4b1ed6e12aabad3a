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

MOST_TOKENS: Final = 4_000_000
"""Tokens of the validation text that are looked through, and 16 times as many for training: some seconds' work."""
COPIED: Final = 0.01
"""Share of the validation text that set phrases, licences and rulers may make up."""

MOST_UNUSED: Final = 0.9
"""Share of the classes that a small part of a larger set may lack."""
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


def copied(train: npt.NDArray[Any], val: npt.NDArray[Any], length: int, unit: str) -> tuple[str, ...]:
    """A note on passages that both texts have, if they are more than chance makes of set phrases.

    The training text is cut into passages of `length` tokens; each is looked for anywhere in the validation text, by a
    64-bit hash. So every common passage of twice that length is found.

    Args:
        train, val: tokens (any length,).
        unit: what a token is called.
    """
    import numpy as np

    train, val = train[: 16 * MOST_TOKENS], val[:MOST_TOKENS]
    if len(val) < length or len(train) < length:
        return ()
    factors = np.random.default_rng(0).integers(1, 2**63, length, np.uint64)
    blocks = train[: len(train) // length * length].reshape(-1, length)
    known = np.zeros(len(blocks), np.uint64)
    found = np.zeros(len(val) - length + 1, np.uint64)
    for at, factor in enumerate(factors):
        known += blocks[:, at].astype(np.uint64) * factor
        found += val[at : at + len(found)].astype(np.uint64) * factor
    places = np.flatnonzero(np.isin(found, known))
    share = min(1.0, len(places) * length / len(val))
    if share <= COPIED:
        return ()
    place = f"the first passage begins at {unit} {places[0] + 1:,}"
    return (f"about {share:.0%} of the validation text stands in the training text too ({place} of it)",)


def unused(train_y: npt.NDArray[Any], classes: int) -> tuple[str, ...]:
    """A note on labels that leave out nearly all of the classes: they may be numbers of samples or people."""
    import numpy as np

    without = classes - len(np.unique(train_y[train_y >= 0]))
    if without <= MOST_UNUSED * classes:
        return ()
    return (f"{without:,} of {classes:,} classes have no training sample: are the labels ids?",)


def untrained(train_y: npt.NDArray[Any], val_y: npt.NDArray[Any], names: Sequence[object]) -> tuple[str, ...]:
    """A note on classes that only the validation part has: a split by time or place may do that.

    Labels are (N,) each, (N, length) or (N, height, width); those below 0 are none.
    """
    import numpy as np

    strange = np.setdiff1d(val_y[val_y >= 0], train_y)
    if not len(strange):
        return ()
    listed = ", ".join(f"`{names[n]}`" for n in strange[:LISTED]) + (" ..." if len(strange) > LISTED else "")
    samples = int(np.isin(val_y, strange).reshape(len(val_y), -1).any(axis=1).sum())
    return (f"no training sample is of class {listed}, but {samples:,} of {len(val_y):,} validation samples are",)


def _digest(row: npt.NDArray[Any]) -> bytes:
    return blake2b(row.tobytes(), digest_size=16).digest()
