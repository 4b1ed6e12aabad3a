"""Inputs as a data set holds them, in memory or in a file, and as a model gets them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor

from optcli.train.lazy import Lazy


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


def owned(x: Tensor) -> Tensor:
    """`ready`, in memory of its own, where a model or a metric that works in place can't reach the data."""
    made = ready(x)
    return made.clone() if made.data_ptr() == x.data_ptr() else made


def host(array: Any) -> Any:
    """An array as a tensor in the host's memory, sharing the array's; one that is mapped from a file stays there.

    What is read picture by picture becomes `Lazy`.
    """
    if isinstance(array, Lazy) or hasattr(array, "rows"):
        return array if isinstance(array, Lazy) else Lazy(array)
    if isinstance(array, np.memmap):
        with warnings.catch_warnings():  # that it can't be written to: whoever might gets a copy
            warnings.simplefilter("ignore", UserWarning)
            return torch.from_numpy(array)
    return array if isinstance(array, Tensor) else torch.from_numpy(np.require(array, requirements=["C", "W"]))
