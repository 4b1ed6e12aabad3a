"""Inputs as a data set holds them, in memory or in a file, and as a model gets them."""

from __future__ import annotations

import torch
from torch import Tensor


def ready(x: Tensor) -> Tensor:
    """A batch, or its targets, as the model and the loss get it: float32, or int64.

    Bytes are shades of pictures and go from -1 to 1; they take a quarter of the memory until they are needed. Numbers
    of other widths become float32 or int64 one batch at a time, so that a file of them can stay where it is. int8 are
    bytes of a text, of which each is a token from 0 to 255.
    """
    if x.dtype == torch.uint8:
        return x.float().div_(127.5).sub_(1.0)
    if x.dtype == torch.int8:
        return x.long() & 0xFF
    return x.float() if x.is_floating_point() else x.long()
