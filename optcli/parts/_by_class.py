"""Where the classes are in what a model gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def by_class(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (n, classes) and labels (n,) of all samples, positions or pixels.

    The classes are the last axis; where labels are of pixels, (N, height, width), they are the second one, as torch's
    convolutions give them: (N, classes, height, width). So they may be of positions, (N, classes, length).
    """
    second = target.ndim > 2 or (target.ndim == 2 and output.shape[:-1] != target.shape)
    if second and output.shape[2:] == target.shape[1:]:
        output = output.movedim(1, -1)
    if output.ndim > 2:
        output, target = output.flatten(0, -2), target.flatten()
    return output, target
