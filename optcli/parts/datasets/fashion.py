"""Fashion-MNIST: 12,000 grey pictures of clothes, 28x28 pixels, in ten classes.

The default for a first look at training: a small network gets to about 88 % in half a minute on two CPU cores, and
every illness of training can be shown on it. 10,000 pictures for training, 2,000 for validation, 1,200 of each class;
no validation picture has a copy or a near copy among the training pictures. Few pictures (`n: 500`) show overfitting;
so do wrong labels (`label_noise: 0.4`). Inputs are standardised: mean 0, variance 1 over all training pixels.

Source: a part of Fashion-MNIST, MIT licence (Zalando); Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747.
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

CLASSES: Final = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
TRAIN: Final = 10_000
VAL: Final = 2_000
MEAN: Final = 0.2864
DEVIATION: Final = 0.3537
"""Of all training pixels, scaled to 0..1."""


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    n: Annotated[int, Ge(10), Le(TRAIN)] = TRAIN
    """Training pictures to use; any number is balanced over the classes."""
    label_noise: Share = 0.0
    """Share of the training labels that are replaced by a wrong one."""


def facts(options: Options) -> Facts:
    """Sizes, shape (1, 28, 28) and class names."""
    return Facts("classification", options.n, VAL, (1, 28, 28), len(CLASSES), names=CLASSES)


def load(options: Options, seed: int) -> Splits:
    """Pictures (N, 1, 28, 28) and labels (N,); `seed` draws the wrong labels, if any."""
    import numpy as np

    with np.load(embedded("fashion.npz")) as file:
        train_x, val_x = _pictures(file["train_x"][: options.n]), _pictures(file["val_x"])
        train_y, val_y = file["train_y"][: options.n].astype(np.int64), file["val_y"].astype(np.int64)
    return Splits(train_x, relabel(train_y, options.label_noise, len(CLASSES), seed), val_x, val_y)


def _pictures(stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Undo the storage, where each row of pixels is the difference to the row above it, and standardise."""
    import numpy as np

    pixels = np.cumsum(stored, axis=1, dtype=np.uint8)[:, None]
    standard = ((np.arange(256) / 255 - MEAN) / DEVIATION).astype(np.float32)
    return standard[pixels]
