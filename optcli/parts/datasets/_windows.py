"""A long row of tokens as samples of a language task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt


def windows(tokens: npt.NDArray[Any], context: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs and, one token later, targets: (N, context) each, sharing the memory of `tokens` (length,)."""
    count = (len(tokens) - 1) // context
    inputs, targets = (tokens[shift : shift + count * context].reshape(count, context) for shift in (0, 1))
    return inputs, targets
