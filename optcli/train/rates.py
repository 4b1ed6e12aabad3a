"""The schedule's factor for every step: pure, but for the one schedule that listens to the evaluations."""

from __future__ import annotations

from typing import Any

from optcli.parts import find
from optcli.parts.schedules import Plan, rate
from optcli.recipe.sections import Chosen


class Rates:
    """`rates(step)` is what 0-based step `step` multiplies the base learning rate by."""

    def __init__(self, schedule: Chosen, plan: Plan) -> None:
        self._module, self._options, self._plan = find("schedule", schedule.name), schedule.options, plan
        self._listener: Any = None
        if getattr(self._module, "STATEFUL", False):
            self._listener = self._module.build(schedule.options)

    def __call__(self, step: int) -> float:
        factor = rate(self._module, self._options, step, self._plan)
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
