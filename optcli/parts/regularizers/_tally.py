"""What happened in the steps since the last evaluation, added up on the device and told once an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class Tally:
    """The mean of a value over the steps since `share` was asked last; of a bool, the share of steps it was true in."""

    def __init__(self) -> None:
        self._counts: Tensor | None = None

    def add(self, value: Tensor, up: Tensor) -> None:
        """One step; `value` is a scalar. A skipped one (`up` is 1) doesn't count."""
        import torch

        if self._counts is None:
            self._counts = torch.zeros(2, device=up.device)
        seen = 1 - up
        self._counts += torch.stack([seen, seen * value])

    def share(self) -> float | None:
        """The mean, and start anew; None if there were no steps. Waits for the device."""
        seen, total = self._counts.tolist() if self._counts is not None else (0, 0)
        self._counts = None
        return total / seen if seen else None

    def state_dict(self) -> dict[str, Any]:
        """Number and sum."""
        return {"counts": None if self._counts is None else self._counts.clone()}

    def load_state_dict(self, state: dict[str, Any], device: Any) -> None:
        """Go on from a `state_dict`."""
        self._counts = None if state["counts"] is None else state["counts"].to(device)


class Telling:
    """A regularizer that reports one mean over the steps since the last evaluation, as `told`."""

    told = "clipped_steps"

    def __init__(self) -> None:
        self._tally, self._device = Tally(), None

    def on_optimizer(self, optimizer: Any) -> None:
        """Learn where the parameters are."""
        self._device = optimizer.param_groups[0]["params"][0].device

    def count(self, value: Tensor) -> None:
        """Take in a value of this step's batch; not where a batch is only tried out, without gradients."""
        import torch

        if torch.is_grad_enabled():
            self._tally.add(value.detach(), torch.zeros((), device=value.device))

    def report(self) -> dict[str, float]:
        """The mean since the last report."""
        share = self._tally.share()
        return {} if share is None else {self.told: share}

    def state_dict(self) -> dict[str, Any]:
        """What has been counted since the last report."""
        return self._tally.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self._tally.load_state_dict(state, self._device)
