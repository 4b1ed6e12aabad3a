"""Numbers back from the device, without making it wait."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


class Reader:
    """Reads tensors of one shape from the device, a window late: `start` a copy, later `finish` it."""

    def __init__(self, like: Tensor) -> None:
        self._host = torch.empty(like.shape, dtype=like.dtype, pin_memory=True)
        self._done = torch.Event(like.device)

    def start(self, tensor: Tensor) -> None:
        """Begin to copy; the tensor may be written again at once, since the device keeps the order."""
        self._host.copy_(tensor, non_blocking=True)
        self._done.record()

    def finish(self) -> np.ndarray[Any, Any]:
        """The values of the copy that was started last; waits for it if need be."""
        self._done.synchronize()
        return self._host.numpy().copy()


class HostReader(Reader):
    """The same where the device is the host."""

    def __init__(self, like: Tensor) -> None:
        self._host = torch.empty_like(like)

    def start(self, tensor: Tensor) -> None:
        self._host.copy_(tensor)

    def finish(self) -> np.ndarray[Any, Any]:
        return self._host.numpy().copy()
