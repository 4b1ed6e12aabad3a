"""The schedule's factor for every step: pure, but for the one schedule that listens to the evaluations."""

from __future__ import annotations

from typing import Any, Final

from torch.optim import Optimizer

from optcli.parts.schedules._course import Scheduled

DECAYS: Final = ("weight_decay", "shrink", "l2", "cautious")
"""Where an optimizer's group may have its weight decay, by its kind."""


class Rates:
    """`rates(step)` is what 0-based step `step` multiplies the base learning rate by."""

    def __init__(self, scheduled: Scheduled) -> None:
        self._scheduled = scheduled
        self.others = scheduled.others
        self.moves = bool(scheduled.others(0))
        """Whether momentum or weight decay change too."""
        self._listener: Any = None
        if getattr(scheduled.module, "STATEFUL", False):
            self._listener = scheduled.module.build(scheduled.options)

    def __call__(self, step: int) -> float:
        factor = self._scheduled.rate(step)
        return factor if self._listener is None else factor * self._listener.factor

    def observe(self, values: dict[str, float]) -> None:
        """Tell the schedule what an evaluation gave."""
        if self._listener is not None:
            self._listener.observe(values[self._listener.metric])

    def state_dict(self) -> dict[str, Any]:
        """Empty for a schedule without a memory."""
        return {} if self._listener is None else dict(self._listener.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if self._listener is not None:
            self._listener.load_state_dict(state)


class Moving:
    """`moving(step)` sets momentum and weight decay of the optimizer's groups, before the 0-based `step`.

    Must be made before the optimizer's state is restored: the decays are those of the recipe, not of some step.
    """

    def __init__(self, rates: Rates, optimizer: Optimizer) -> None:
        self._values, self._optimizer = rates.others, optimizer
        self._decays = [{key: group[key] for key in DECAYS if group.get(key)} for group in optimizer.param_groups]

    def __call__(self, step: int) -> None:
        values = self._values(step)
        for group, decays in zip(self._optimizer.param_groups, self._decays, strict=True):
            if "momentum" in values:
                _set_momentum(group, values["momentum"])
            if "weight_decay" in values:
                group |= {key: decay * values["weight_decay"] for key, decay in decays.items()}


def _set_momentum(group: dict[str, Any], value: float) -> None:
    """Where the kind of optimizer has it."""
    key = next(key for key in ("momentum", "beta", "betas") if key in group)
    group[key] = (value, *group[key][1:]) if key == "betas" else value
