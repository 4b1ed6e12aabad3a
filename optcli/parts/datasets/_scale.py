"""The scale of a column of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt


def deviation(values: npt.NDArray[Any], axes: int | tuple[int, ...] = 0) -> npt.NDArray[Any]:
    """Standard deviation along `axes`, which are kept; 1 where all values are equal or (of a masked array) masked.

    Rounding gives equal values a deviation such as 1e-17, by which another value that validation has would explode.
    """
    import numpy as np

    varies = np.ma.filled(values.max(axes, keepdims=True) > values.min(axes, keepdims=True), False)
    return np.where(varies, np.ma.filled(values.std(axes, np.float64, keepdims=True), 1.0), 1.0)
