"""Handwritten digits: 1,797 grey pictures, 8x8 pixels, in ten classes.

The smallest real task: seconds to 98 %, good for trying things and for tests. 1,437 pictures for training, 360 for
validation (36 of each digit). Inputs are standardised: mean 0, variance 1 over all training pixels.

Source: the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak 1998), UCI Machine Learning
Repository, CC BY 4.0, doi:10.24432/C50P49; taken from scikit-learn (BSD-3-Clause).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, Le

from optcli.parts.datasets import Splits, embedded, relabel
from optcli.parts.facts import Facts
from optcli.units import STRICT, Share

if TYPE_CHECKING:
    import numpy.typing as npt

CLASSES: Final = tuple("0123456789")
TRAIN: Final = 1_437
VAL: Final = 360
MEAN: Final = 0.3049
DEVIATION: Final = 0.3759
"""Of all training pixels, scaled to 0..1."""


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    n: Annotated[int, Ge(10), Le(TRAIN)] = TRAIN
    """Training pictures to use; any number is balanced over the classes."""
    label_noise: Share = 0.0
    """Share of the training labels that are replaced by a wrong one."""


def facts(options: Options) -> Facts:
    """Sizes, shape (1, 8, 8) and class names."""
    return Facts("classification", options.n, VAL, (1, 8, 8), len(CLASSES), names=CLASSES)


def load(options: Options, seed: int) -> Splits:
    """Pictures (N, 1, 8, 8) and labels (N,); `seed` draws the wrong labels, if any."""
    import numpy as np

    with np.load(embedded("digits.npz")) as file:
        train_x, val_x = _pictures(file["train_x"][: options.n]), _pictures(file["val_x"])
        train_y, val_y = file["train_y"][: options.n].astype(np.int64), file["val_y"].astype(np.int64)
    return Splits(train_x, relabel(train_y, options.label_noise, len(CLASSES), seed), val_x, val_y)


def _pictures(stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Standardise; the stored shades go from 0 to 16."""
    return ((stored[:, None] / 16 - MEAN) / DEVIATION).astype("float32")
