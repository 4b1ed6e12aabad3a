"""Learning-rate schedules: pure functions of the step.

A module has `Options` (always with `warmup` and `warmup_from`) and `factor(options, step, plan)`, the multiplier of the
base rate at the 0-based `step` with warm-up left out; decays span from the end of the warm-up to the end of the run.
`rate` is what a training loop multiplies the base rate by: warm-up and factor together. Because it depends on the step
alone it can be drawn before the run, and resumes exactly. A module may have `height(options, step, plan)`, how near the
rate is to its peak, where that is not the factor itself. A module with `STATEFUL = True` also has `build(options)`: an
object with `factor`, `observe(value)`, `state_dict` and `load_state_dict`, whose factor multiplies `rate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

RENAMED: dict[str, str] = {}
ALIASES = {
    "CosineAnnealingLR": "cosine", "CosineAnnealingWarmRestarts": "cosine_restarts", "CyclicLR": "cyclic",
    "ExponentialLR": "exponential", "MultiStepLR": "multistep", "OneCycleLR": "one_cycle",
    "ReduceLROnPlateau": "plateau", "SequentialLR": "sequence", "StepLR": "step",
    "constant_with_warmup": "constant", "cosine_with_min_lr": "cosine", "cosine_with_restarts": "cosine_restarts",
    "reduce_lr_on_plateau": "plateau", "warmup_stable_decay": "wsd", "none": "constant",
}  # fmt: skip
"""What torch, transformers and timm call it -> what it is called here; recipes may use either."""
ADVICE = {
    "ConstantLR": "for a lower rate at the start write `warmup` and `warmup_from`; `constant` keeps the rate",
    "LinearLR": "for a rise at the start write `warmup` and `warmup_from`; `linear` is the decay to the end",
    "LambdaLR": "write the pieces of the function as a `sequence`",
    "MultiplicativeLR": "write `exponential`, or the pieces of the function as a `sequence`",
    "ChainedScheduler": "`warmup` goes with every schedule; other pieces follow one another in a `sequence`",
    "PolynomialLR": "write `polynomial` with its `power`: torch's is 1 where it isn't said, here it is 2",
    "poly": "write `polynomial` with its `power`: elsewhere it is 1 or 0.9 where it isn't said, here it is 2",
    "cosine_warmup_with_min_lr": "write `cosine` with `warmup` and `min_ratio`",
    "SWALR": "write a `sequence` that ends in `constant`, with the regularizer `swa`",
}
"""Names elsewhere that have no schedule of the same meaning here -> what to write."""

Trouble = tuple[str, str, str]
"""A value that doesn't fit the run: (option, what is wrong, what to do)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The run's length in optimizer steps, as schedules need it."""

    total: int
    """Steps of the whole run."""
    per_epoch: int
    """Steps of one epoch."""
    warmup: int = 0
    """Steps of the warm-up."""
    every: int = 1
    """Steps for which a factor is held, once the warm-up is over."""

    @classmethod
    def of(cls, options: Any, total: int, per_epoch: int, unit: Literal["step", "epoch"] = "step") -> Plan:
        """The plan of a run with the schedule `options`, whose `warmup` is resolved here."""
        every = per_epoch if unit == "epoch" else 1
        return cls(total, per_epoch, options.warmup.steps(total, per_epoch), every)

    def progress(self, step: int) -> float:
        """How far `step` is from the end of the warm-up (0.0) to the end of the run (1.0)."""
        return min(max(step - self.warmup, 0) / max(self.total - self.warmup, 1), 1.0)


def rate(module: Any, options: Any, step: int, plan: Plan) -> float:
    """The multiplier of the base rate at the 0-based `step`.

    During a warm-up of w steps it rises linearly from `warmup_from` towards the schedule's first factor: step s has the
    share (s + 1) / (w + 1) of the way, so that the first step is not wasted and step w is the peak.
    """
    return _warmed(module.factor, options, step, plan)


def height(module: Any, options: Any, step: int, plan: Plan) -> float:
    """How near the rate is to its peak at the 0-based `step`: 1 there, 0 where the schedule is at its lowest."""
    return min(max(_warmed(getattr(module, "height", module.factor), options, step, plan), 0.0), 1.0)


def _warmed(factor: Any, options: Any, step: int, plan: Plan) -> float:
    if step >= plan.warmup:
        return float(factor(options, max(step - step % plan.every, plan.warmup), plan))
    share = (step + 1) / (plan.warmup + 1)
    ramp = options.warmup_from + (1 - options.warmup_from) * share
    return float(ramp * factor(options, plan.warmup, plan))


def check(module: Any, options: Any, plan: Plan) -> list[Trouble]:
    """Values that can't be meant, given the plan: the warm-up's, then those that the module itself knows of."""
    found: list[Trouble] = []
    if plan.warmup >= plan.total:
        found.append(
            ("warmup", f"the warm-up takes {plan.warmup} steps, the whole run {plan.total}", "shorten it: `warmup: 5%`")
        )
    if hasattr(module, "check"):
        found += module.check(options, plan)
    return found


def floored(share: float, floor: float) -> float:
    """`share` from 1 to 0, squeezed so that it ends at `floor`."""
    return floor + (1 - floor) * share
