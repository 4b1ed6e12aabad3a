"""CUDA graphs: forward and backward pass recorded once, then played back with one launch.

For small models a GPU waits for the host to launch its kernels; played back, they follow each other. Recorded is what
`Update` does with one batch, from its inputs to loss and gradients; regularizers, gate and optimizer stay as they are.
Before a recording is trusted it has to give the plain pass's loss and gradients bit for bit, else it is dropped. Its
memory is its own: inputs are copied in, and gradients are overwritten by the next playback.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from optcli.train.randomness import Randomness

Result = tuple[Tensor, list[Tensor]]
Pass = Callable[[Tensor, Tensor], Result]
WARM_UP: Final = 3
"""Passes on the side before recording: libraries choose their kernels and get their memory in the first ones."""
LAUNCH_BOUND: Final = 2e10
"""Arithmetic of a step in FLOP below which a GPU waits for launches: some ten microseconds of work for each kernel."""


class Recorded:
    """`recorded(x, y)` is `plain(x, y)`, played back from the second call with inputs of the same shape on.

    Args:
        plain: forward and backward pass; reads nothing back and has no memory but random numbers and `buffers`.
        device: where it runs.
        fresh: give copies, since the next playback overwrites what this one gave.
        tell: says why the recording was dropped.
    """

    def __init__(
        self,
        plain: Pass,
        device: torch.device,
        randomness: Randomness,
        buffers: list[Tensor],
        fresh: bool,
        tell: Callable[[str], None],
    ) -> None:
        self._plain, self._device, self._randomness, self._buffers = plain, device, randomness, buffers
        self._fresh, self._tell = fresh, tell
        self._inputs: tuple[Tensor, Tensor] | None = None
        self._replay: Callable[[], None] | None = None
        self._result: Result | None = None
        self._given_up = False

    def __call__(self, x: Tensor, y: Tensor) -> Result:
        if self._given_up:
            return self._plain(x, y)
        if self._inputs is None:
            return self._begin(x, y)
        for place, given in zip(self._inputs, (x, y), strict=True):
            if place.shape != given.shape:
                return self._plain(x, y)
            place.copy_(given, non_blocking=True)
        assert self._replay is not None
        assert self._result is not None
        self._replay()
        loss, grads = self._result
        return (loss.clone(), [g.clone() for g in grads]) if self._fresh else (loss, list(grads))

    def _begin(self, x: Tensor, y: Tensor) -> Result:
        """Take the plain pass, record it, and compare."""
        before = self._state()
        loss, grads = self._plain(x, y)
        after = self._state()
        try:
            self._record(x, y, before)
            good = self._agrees(loss, grads)
        except RuntimeError as error:  # something in the model can't be recorded
            good, why = False, str(error).partition("\n")[0][:200]
        else:
            why = "what is played back is not what was recorded, bit for bit"
        self._put_back(after)
        if not good:
            self._given_up, self._replay, self._result = True, None, None
            self._tell(f"train.cuda_graphs: off, {why}")
        return loss, grads

    def _record(self, x: Tensor, y: Tensor, before: Any) -> None:
        inputs = x.clone(), y.clone()

        def passes() -> None:
            self._result = self._plain(*inputs)

        self._put_back(before)
        self._replay = record(self._device, passes)
        self._put_back(before)
        self._replay()
        self._inputs = inputs

    def _agrees(self, loss: Tensor, grads: list[Tensor]) -> bool:
        assert self._result is not None
        pairs = zip((loss, *grads), (self._result[0], *self._result[1]), strict=True)
        return all(torch.equal(a, b) for a, b in pairs)

    def _state(self) -> Any:
        return self._randomness.mine(), [t.detach().clone() for t in self._buffers]

    @torch.no_grad()
    def _put_back(self, state: Any) -> None:
        numbers, kept = state
        self._randomness.take(numbers)
        for tensor, old in zip(self._buffers, kept, strict=True):
            tensor.copy_(old)


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
