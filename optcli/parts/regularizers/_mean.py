"""A mean of the weights in training, kept beside them and put in their place for evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


class Mean:
    """The mean of all parameters of an optimizer; a subclass decides in `after_update` what goes into it."""

    def __init__(self) -> None:
        self.steps, self.taken = 0, 0
        self._params: list[Tensor] = []
        self._means: list[Tensor] = []
        self._trained: list[Tensor] | None = None

    @property
    def active(self) -> bool:
        """Whether there is a mean yet."""
        return self.taken > 0

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """Begin with the parameters as they are."""
        self._params = [p for group in optimizer.param_groups for p in group["params"]]
        self._means = [p.detach().clone() for p in self._params]

    def take(self, share: Tensor) -> None:
        """Move the mean towards the weights by `share` of the way, a scalar on the device."""
        import torch

        self.taken += 1
        with torch.no_grad():
            torch._foreach_lerp_(self._means, self._params, [share] * len(self._means))

    def distance(self) -> float:
        """Of weights and mean, over the mean's length. Waits for the device."""
        import torch

        apart = torch.stack(torch._foreach_norm(torch._foreach_sub(self._means, [p.detach() for p in self._params])))
        size = torch.stack(torch._foreach_norm(self._means)).norm().clamp(min=1e-30)
        return float(apart.norm() / size)

    def eval_mode(self) -> None:
        """The parameters become the mean. A second call does nothing."""
        import torch

        if self._trained is None:
            with torch.no_grad():
                self._trained = [p.detach().clone() for p in self._params]
                torch._foreach_copy_(self._params, self._means)

    def train_mode(self) -> None:
        """The parameters become those in training again, bit for bit."""
        import torch

        if self._trained is not None:
            with torch.no_grad():
                torch._foreach_copy_(self._params, self._trained)
            self._trained = None

    def state_dict(self) -> dict[str, Any]:
        """Mean and counts."""
        return {"steps": self.steps, "taken": self.taken, "means": [m.clone() for m in self._means]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.steps, self.taken = int(state["steps"]), int(state["taken"])
        for mean, stored in zip(self._means, state["means"], strict=True):
            mean.copy_(stored)
