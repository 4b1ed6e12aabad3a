"""CUDA graphs: forward and backward pass recorded once, then played back with one launch.

For small models a GPU waits for the host to launch its kernels; played back, they follow each other. Recorded is what
`Update` does with one batch, from its inputs to loss and gradients; regularizers, gate and optimizer stay as they are.
Before a recording is trusted it has to give the plain pass's loss and gradients, bit for bit where a second plain pass
does, else it is dropped. Its memory is its own: inputs are copied in, and gradients are overwritten by the next
playback.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from optcli.train.objective import ModelFailed
from optcli.train.randomness import Randomness

Result = tuple[Tensor, list[Tensor]]
Pass = Callable[[Tensor, Tensor], Result]
WARM_UP: Final = 3
"""Passes on the side before recording: libraries choose their kernels and get their memory in the first ones."""
SPREAD: Final = 4.0
"""How much further from the plain pass a playback may be than a second plain one, if kernels add in any order."""
LAUNCH_BOUND: Final = 2e10
"""Arithmetic of a step in FLOP below which a GPU waits for launches: some ten microseconds of work for each kernel."""


class Recorded:
    """`recorded(plain, x, y)` is `plain(x, y)`, played back from the second call with inputs of the same shape on.

    `plain` is the forward and backward pass, the same in every call; it reads nothing back and has no memory but random
    numbers and `buffers`.

    Args:
        device: where it runs.
        fresh: give copies, since the next playback overwrites what this one gave.
        drop: called with the reason when the recording is dropped.
    """

    def __init__(
        self,
        device: torch.device,
        randomness: Randomness,
        buffers: list[Tensor],
        fresh: bool,
        drop: Callable[[str], None],
    ) -> None:
        self._device, self._randomness, self._buffers = device, randomness, buffers
        self._fresh, self._drop = fresh, drop
        self._inputs: tuple[Tensor, Tensor] | None = None
        self._replay: Callable[[], None] | None = None
        self._result: Result | None = None
        self._given_up = False

    def __call__(self, plain: Pass, x: Tensor, y: Tensor) -> Result:
        if self._given_up:
            return plain(x, y)
        if self._inputs is None:
            return self._begin(plain, x, y)
        for place, given in zip(self._inputs, (x, y), strict=True):
            if place.shape != given.shape:
                return plain(x, y)
            place.copy_(given, non_blocking=True)
        assert self._replay is not None
        assert self._result is not None
        self._replay()
        loss, grads = self._result
        return (loss.clone(), [g.clone() for g in grads]) if self._fresh else (loss, list(grads))

    def _begin(self, plain: Pass, x: Tensor, y: Tensor) -> Result:
        """Take the plain pass twice, record it, and compare."""
        before = self._state()
        loss, grads = plain(x, y)
        after = self._state()
        try:
            self._put_back(before)
            spread = _distance((loss, grads), plain(x, y))
            self._record(plain, x, y, before)
            assert self._result is not None
            good = _distance((loss, grads), self._result) <= SPREAD * spread < math.inf
        except (RuntimeError, ModelFailed) as error:  # something in the model can't be recorded
            good, why = False, str(error.__cause__ or error).partition("\n")[0][:200]
        else:
            why = "what is played back is not what was recorded"
        self._put_back(after)
        if not good:
            self._given_up, self._replay, self._result = True, None, None
            self._drop(f"train.cuda_graphs: off, {why}")
        return loss, grads

    def _record(self, plain: Pass, x: Tensor, y: Tensor, before: Any) -> None:
        inputs = x.clone(), y.clone()

        def passes() -> None:
            self._result = plain(*inputs)

        self._put_back(before)
        self._replay = record(self._device, passes)
        self._put_back(before)
        self._replay()
        self._inputs = inputs

    def _state(self) -> Any:
        return self._randomness.mine(), [t.detach().clone() for t in self._buffers]

    @torch.no_grad()
    def _put_back(self, state: Any) -> None:
        numbers, kept = state
        self._randomness.take(numbers)
        for tensor, old in zip(self._buffers, kept, strict=True):
            tensor.copy_(old)


def _distance(one: Result, other: Result) -> float:
    """Length of the difference of two results; 0 only if they are equal, and NaN if one of them holds a NaN."""
    pairs = zip((one[0], *one[1]), (other[0], *other[1]), strict=True)
    apart = ((a - b).masked_fill(a == b, 0.0) for a, b in pairs)  # a gradient that overflowed in both is the same
    return math.hypot(*(float(torch.linalg.vector_norm(d.double())) for d in apart))


def record(device: torch.device, passes: Callable[[], None]) -> Callable[[], None]:
    """Record what `passes` launches; returns what plays it back."""
    module: Any = torch.get_device_module(device)
    side = module.Stream()
    side.wait_stream(module.current_stream())
    with module.stream(side):
        for _ in range(WARM_UP):
            passes()
    module.current_stream().wait_stream(side)
    graph = module.CUDAGraph()
    with module.graph(graph, capture_error_mode="thread_local"):
        passes()
    replay: Callable[[], None] = graph.replay
    return replay
