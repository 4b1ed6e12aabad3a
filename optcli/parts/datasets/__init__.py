"""Data sets: real ones that come with the package, and the user's own tables, arrays, pictures and texts.

A data part has `facts(options)`, which answers without torch and numpy, and `load(options, seed)`, which gives
`Splits` of numpy arrays. Which samples are for validation never depends on the seed of a run, so that runs compare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

RENAMED: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Splits:
    """The training and the validation part of a data set, as numpy arrays with samples along axis 0.

    Inputs are float32, or int64 where they are tokens. They may also be uint8, shades of pictures that training brings
    to -1 .. 1 a batch at a time, or other floats; and an array may be mapped from a file, which is then never read as a
    whole. Targets are int64 labels (N,), float32 (N, targets) or int64 next tokens (N, context).
    Tokens may be narrower whole numbers too; int8 are bytes, of which each is a token.
    """

    train_x: npt.NDArray[Any]
    train_y: npt.NDArray[Any]
    val_x: npt.NDArray[Any]
    val_y: npt.NDArray[Any]
    notes: tuple[str, ...] = ()
    """What the user should know of the data, such as samples that are in both parts; said when training begins."""

    def reconstruction(self) -> Splits:
        """The same inputs, which are the targets too: as numbers where they are whole ones."""
        train, val = (x.astype("float32") if x.dtype.kind == "i" else x for x in (self.train_x, self.val_x))
        return replace(self, train_y=train, val_y=val)


def embedded(name: str) -> Path:
    """Path of a data file that comes with the package (`optcli/data`)."""
    return Path(__file__).parents[2] / "data" / name


def relabel(labels: npt.NDArray[np.int64], share: float, classes: int, seed: int) -> npt.NDArray[np.int64]:
    """Labels (N,) of which `share` (0 to 1, rounded to whole samples) are replaced by another class, drawn uniformly.

    Symmetric label noise, as in van Rooyen et al. 2015, "Learning with Symmetric Label Noise", arXiv:1505.07634.
    """
    import numpy as np

    random = np.random.default_rng([seed, 0x6E6F697365])
    wrong = random.permutation(len(labels))[: round(share * len(labels))]
    noisy = labels.copy()
    noisy[wrong] = (labels[wrong] + random.integers(1, classes, len(wrong))) % classes
    return noisy
