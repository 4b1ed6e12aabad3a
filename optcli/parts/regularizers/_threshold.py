"""What thresholds after a step need to know of the optimizer: how it scales gradients, and whose rate is another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


class Threshold:
    """A regularizer whose `after_step` takes something off the weights, in the metric of the optimizer it was shown."""

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._optimizer: Optimizer | None = None
        self._groups: dict[int, dict[str, Any]] = {}
        self._params: list[Tensor] = []

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Learn how it scales gradients; without this, plain gradient steps are assumed."""
        self._optimizer = optimizer
        self._groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}

    def scale(self, parameter: Tensor) -> float:
        """The parameter's rate over the base rate."""
        return float(self._groups.get(id(parameter), {}).get("lr_scale", 1.0))

    def gain(self, parameter: Tensor, out: Tensor | None = None) -> Any:
        """See `optcli.parts.optimizers._gain`."""
        gain, group = getattr(self._optimizer, "gain", None), self._groups.get(id(parameter))
        if self._optimizer is None or gain is None or group is None:
            return 1.0
        return gain(self._optimizer.state[parameter], group, out)
