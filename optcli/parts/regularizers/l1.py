"""Drives weights to exactly zero: a soft threshold after each step (proximal gradient).

The result is that of adding strength times the sum of absolute weights to the loss, except that a subgradient in the
loss never gives one exact zero and this does. `strength` is in units of the loss whatever the optimizer: the threshold
is scaled as the optimizer scales gradients (by momentum, and by Adam's and RMSprop's second moment), else a strength
that prunes under SGD would do next to nothing under Adam. Weights that never get a gradient vanish at once.

The threshold also shrinks the weights that stay, which costs accuracy. With `until: 60%` it ends there: what is zero
stays zero, and the rest trains on without it (debiasing). With `ramp` the strength rises slowly, which lets a net learn
what matters before weights are taken away. Watch the curve `l1/sparsity`.

Source: Combettes & Wajs 2005, https://doi.org/10.1137/050626090; with preconditioners: Yun et al. 2020, arXiv
2007.07484, and Melchior et al. 2019, arXiv 1910.10094. Debiasing: Figueiredo et al. 2007,
https://doi.org/10.1109/JSTSP.2007.910281, section II.E; ramp: Zhu & Gupta 2017, arXiv 1710.01878 (of sparsity there).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optcli.parts.regularizers._threshold import Threshold
from optcli.units import STRICT, Duration, NonNegative

if TYPE_CHECKING:
    from torch import Tensor

WHOLE = Duration(1, "share")
REPORTS = {
    "sparsity": "share of weights that are exactly zero",
    "penalty": "the penalty at the last step, in units of the loss; `penalty_share` is over the training loss",
}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 1e-4
    """Factor of the sum of absolute weights, in units of the loss."""
    ramp: Duration = Duration(0)
    """Time in which the strength rises from zero, in a straight line."""
    until: Duration = Duration(1, "share")
    """When the threshold ends; afterwards zeros stay zero and the other weights train freely."""


def check(options: Options, plan: Any) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    ramp, until = plan.of(options.ramp), plan.of(options.until)
    if until == 0:
        return [("until", "the threshold ends before the first step", "write `until: 60%`, or remove `l1`")]
    if ramp >= until:
        return [("ramp", f"the ramp takes {ramp} steps, and the threshold ends at step {until}", "shorten it")]
    return []


class L1(Threshold):
    """The soft threshold."""

    def __init__(self, strength: float, ramp: Duration = Duration(0), until: Duration = WHOLE) -> None:
        super().__init__(strength)
        self._lengths, self.steps = (ramp, until), 0
        self._ramp, self._until = 0, float("inf")
        self._support: list[Tensor] = []
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def on_plan(self, plan: Any) -> None:
        """Learn how many steps the durations are; without this, the strength is whole all the time."""
        ramp, until = self._lengths
        self._ramp, self._until = plan.of(ramp), plan.of(until) if until != WHOLE else self._until

    def after_step(self, params: list[Tensor], lr: float | Tensor) -> None:
        """Move each weight towards zero by its threshold, and no further; a rate of 0 moves nothing."""
        import torch

        self._params, self.steps = params, self.steps + 1
        with torch.no_grad():
            if self.steps > self._until:
                torch._foreach_mul_(params, self._support)
                return
            for parameter in params:
                self._shrink(parameter, lr * self._now())
            if self.steps == self._until:
                self._support = [(p != 0).to(p.dtype) for p in params]

    def _shrink(self, parameter: Tensor, step: Any) -> None:
        import torch

        size, room = self._scratch(parameter)
        gain, rate = self.gain(parameter, room), step * self.scale(parameter)
        threshold = gain.mul_(rate) if gain is room else gain * rate
        torch.abs(parameter, out=size).sub_(threshold).relu_()
        parameter.sign_().mul_(size)

    def _scratch(self, parameter: Tensor) -> tuple[Tensor, Tensor]:
        """Two tensors like the parameter, kept from step to step."""
        import torch

        kept = self._kept.get(id(parameter))
        if kept is None:
            kept = self._kept[id(parameter)] = torch.empty_like(parameter), torch.empty_like(parameter)
        return kept

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        if not self._params:
            return {}
        zeros = sum(p.numel() - int(p.count_nonzero()) for p in self._params)
        size = sum(p.detach().abs().sum().item() for p in self._params)
        return {"sparsity": zeros / sum(p.numel() for p in self._params), "penalty": self._now() * size}

    def _now(self) -> float:
        """The strength at the last step."""
        return 0.0 if self.steps > self._until else self.strength * min(1.0, self.steps / max(self._ramp, 1))

    def state_dict(self) -> dict[str, Any]:
        """Steps, and which weights are free to move once the threshold has ended."""
        return {"steps": self.steps, "support": list(self._support)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.steps = int(state["steps"])
        device = next(iter(self._groups.values()))["params"][0].device if self._groups else None
        self._support = [mask.to(device) for mask in state["support"]]


def build(options: Options) -> L1:
    """The threshold."""
    return L1(options.strength, options.ramp, options.until)
