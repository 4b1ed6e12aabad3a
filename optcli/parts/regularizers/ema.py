"""An exponential moving average of the weights, for evaluations and the published weights.

Smooths out the last steps' noise, which a decaying rate does too: most useful with a constant rate or a short decay.
Evaluations, the choice of the best checkpoint and `model.safetensors` go by the average; the statistics of batch norms
are taken anew for it. One more copy of the weights, one more pass over them a step.

Source: Polyak & Juditsky 1992, https://doi.org/10.1137/0330046; the early decay: as TensorFlow's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._mean import Mean
from optcli.units import STRICT, Rate

if TYPE_CHECKING:
    from torch import Tensor

REPORTS = {
    "decay": "share of the average that the last step kept",
    "distance": "distance of weights and average, as a share of the average's length",
}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    decay: Rate = 0.999
    """Share of the average that a step keeps; step t keeps at most (1 + t) / (10 + t)."""


class Ema(Mean):
    """The moving average."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay

    def after_update(self, up: Tensor) -> None:
        """Take the step's weights in, if it was taken."""
        self.steps += 1
        self.take((1 - self._keep()) * (1 - up))

    def _keep(self) -> float:
        return min(self.decay, (1 + self.steps) / (10 + self.steps))

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        return {"decay": self._keep(), "distance": self.distance()} if self.active else {}


def build(options: Options) -> Ema:
    """The average, before the first step."""
    return Ema(options.decay)
