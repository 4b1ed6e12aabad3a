"""Diamonds: the price of 53,772 diamonds from weight, sizes, cut, colour and clarity.

Regression with a known good answer and no waiting: R2 above 0.98 in a few CPU seconds. The target is the natural
logarithm of the price in dollars, standardised by the training part (so the RMSE counts standard deviations). Inputs
are 26 numbers: carat, depth, table, x, y, z standardised by the training part, then cut, color and clarity one-hot.

43,018 rows for training, 10,754 for validation. Left out of the original: exact copies of rows, and rows with
impossible sizes (0 mm, above 20 mm). Rows that may be one diamond listed twice are in the same part.

Source: the `diamonds` table of ggplot2 (MIT licence), taken from plotnine (MIT licence).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, Le

from optcli.parts.datasets import Splits, embedded
from optcli.parts.facts import Facts
from optcli.units import STRICT

if TYPE_CHECKING:
    import numpy.typing as npt

TRAIN: Final = 43_018
VAL: Final = 10_754
NUMBERS: Final = ("carat", "depth", "table", "x", "y", "z")
UNITS: Final = (100, 10, 10, 100, 100, 100)
"""Whole numbers are stored: hundredths of carat and mm, tenths of percent."""
MEANS: Final = (0.7977, 61.744, 57.459, 5.7309, 5.7328, 3.5388)
DEVIATIONS: Final = (0.4751, 1.4257, 2.2372, 1.1217, 1.1135, 0.6929)
QUALITIES: Final = {
    "cut": ("fair", "good", "very good", "premium", "ideal"),
    "color": ("D", "E", "F", "G", "H", "I", "J"),
    "clarity": ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"),
}
LOG_PRICE_MEAN: Final = 7.7852
LOG_PRICE_DEVIATION: Final = 1.0163
FEATURES: Final = NUMBERS + tuple(f"{name} {value}" for name, known in QUALITIES.items() for value in known)


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    n: Annotated[int, Ge(1), Le(TRAIN)] = TRAIN
    """Training rows to use."""


def facts(options: Options) -> Facts:
    """Sizes, the 26 features' names, and the variance of the validation targets (standardised log price)."""
    columns = (*(1 for _ in NUMBERS), *map(len, QUALITIES.values()))
    return Facts("regression", options.n, VAL, (len(FEATURES),), 1, 0.9802, FEATURES, columns)


def load(options: Options, seed: int) -> Splits:
    """Inputs (N, 26) and targets (N, 1); nothing is random here, so `seed` has no effect."""
    import numpy as np

    with np.load(embedded("diamonds.npz")) as file:
        train, val = file["train"][:, : options.n], file["val"]
    return Splits(_inputs(train), _target(train), _inputs(val), _target(val))


def _inputs(columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(N, 26) float32 from the stored columns (10, N): six numbers, price, three ranks of quality."""
    import numpy as np

    numbers = (columns[:6].T / UNITS - np.array(MEANS)) / DEVIATIONS
    ranks = zip(columns[7:], QUALITIES.values(), strict=True)
    one_hot = [np.eye(len(known))[rank] for rank, known in ranks]
    return np.concatenate([numbers, *one_hot], axis=1).astype(np.float32)


def _target(columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import numpy as np

    standard: npt.NDArray[Any] = (np.log(columns[6, :, None]) - LOG_PRICE_MEAN) / LOG_PRICE_DEVIATION
    return standard.astype(np.float32)
