"""Stochastic weight averaging: the plain mean of the weights at the ends of the last epochs.

Finds flatter minima than the last weights are. Train the last part at a constant or cyclic rate that is not too small,
or all its weights are alike. Once the first are taken, evaluations and `model.safetensors` have the mean, with
statistics of batch norms taken anew for it.

Source: Izmailov et al. 2018, arXiv 1803.05407.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optcli.parts.regularizers._mean import Mean
from optcli.units import STRICT, Duration

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {"averaged": "sets of weights in the mean"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    start: Duration = Duration(0.75, "share")
    """Weights from here on are averaged."""
    every: Duration = Duration(1, "epochs")
    """How often weights are taken into the mean, counted back from the run's last step."""


def check(options: Options, plan: Any) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if plan.of(options.start) >= plan.steps:
        return [("start", f"averaging begins at step {plan.of(options.start)} of {plan.steps}", "begin earlier")]
    if plan.of(options.every) < 1:
        return [("every", "`every` is 0 steps", "write 1 epoch, 500 or 1%")]
    return []


class Swa(Mean):
    """The mean of the last weights and, back to `start`, those of every so many steps before."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options, self._start, self._every, self._last = options, 0, 1, 0
        self._count: Tensor | None = None

    def on_plan(self, plan: Any) -> None:
        """Learn how many steps the durations are."""
        self._start, self._every, self._last = plan.of(self.options.start), plan.of(self.options.every), plan.steps

    def after_update(self, up: Tensor) -> None:
        """Take the step's weights in, if it is time and it was taken; as long as there are none, whatever there is."""
        import torch

        self.steps += 1
        if self.steps >= self._start and (self._last - self.steps) % self._every == 0:
            self._count = 1 - up if self._count is None else self._count + 1 - up
            self.take(torch.where(self._count > 0, (1 - up) / self._count.clamp(min=1), 1.0))

    def report(self) -> dict[str, float]:
        """How many sets of weights are in the mean. Waits for the device."""
        return {"averaged": 0.0 if self._count is None else self._count.item()}

    def state_dict(self) -> dict[str, Any]:
        """Mean and counts."""
        return {**super().state_dict(), "count": None if self._count is None else self._count.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        super().load_state_dict(state)
        self._count = None if state["count"] is None else state["count"].to(self._means[0].device)


def build(options: Options) -> Swa:
    """The mean, before the first step."""
    return Swa(options)
