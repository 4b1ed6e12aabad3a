"""Schedules one after the other, each on a stretch of the run.

    schedule: {name: sequence, stages: [{name: constant, until: 30%}, {name: cosine, min_ratio: 0.1}]}

Each stage is like a run of its own: shares in its options are of its length, its steps count from its beginning, and it
may have a warm-up. The first one begins after the sequence's own warm-up, if it has one. For continued training (a
second decay after a first), cycles of different lengths, and curricula that change the data's difficulty with the rate.

Source: as torch.optim.lr_scheduler.SequentialLR and optax.join_schedules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, make_dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from annotated_types import MinLen

from optcli.parts import find, usable
from optcli.parts.schedules import Plan, Trouble, rate
from optcli.parts.schedules import check as check_one
from optcli.units import STRICT, Duration, Positive, Share

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

END = Duration(1, "share")


class Stage:
    """A schedule's options, its `name`, and on top of them what a sequence wants to know."""

    name: str
    """Which schedule."""
    until: Duration
    """When the stage ends, from the start of the run; the last one may leave it out."""
    scale: float
    """Factor of the stage's rates: 0.1 for a stage at a tenth of the base rate."""
    part: Any
    """The schedule's module."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A choice by `name` among the schedules that depend on the step alone."""
        from pydantic import Field

        kinds = tuple(_kind(name) for name in usable("schedule") if _fits(name))
        return handler.generate_schema(Annotated[Union[kinds], Field(discriminator="name")])  # noqa: UP007


def _fits(name: str) -> bool:
    return name != "sequence" and not getattr(find("schedule", name), "STATEFUL", False)


@cache
def _kind(name: str) -> Any:
    """The schedule's Options with the fields of a stage."""
    part = find("schedule", name)
    more: list[Any] = [("name", Literal[name]), ("until", Duration, field(default=END))]
    more.append(("scale", Positive, field(default=1.0)))
    inside = {"part": part, "__module__": __name__}
    return make_dataclass(f"{name}_stage", more, bases=(part.Options,), frozen=True, kw_only=True, namespace=inside)


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    stages: Annotated[tuple[Stage, ...], MinLen(1)]
    """Schedules with their options and `until`, when each ends; `scale` is a factor of a stage's rates."""
    warmup: Duration = Duration(0)
    """Length of the linear rise at the start."""
    warmup_from: Share = 0.0
    """Share of the rate that the rise starts from."""


def factor(options: Options, step: int, plan: Plan) -> float:
    """That of the stage in which the step lies, at the time since its beginning."""
    spans = list(_spans(options, plan))
    stage, start, own = next((span for span in spans if step < span[1] + span[2].total), spans[-1])
    return stage.scale * rate(stage.part, stage, max(step - start, 0), own)


def _spans(options: Options, plan: Plan) -> Iterator[tuple[Stage, int, Plan]]:
    """Each stage, the step at which it begins, and its plan; one that ends before it begins has no steps."""
    start = plan.warmup
    for stage in options.stages:
        end = stage.until.steps(plan.total, plan.per_epoch)
        own = Plan.of(stage, max(end - start, 0), plan.per_epoch)
        yield stage, start, own
        start = max(end, start)


def check(options: Options, plan: Plan) -> list[Trouble]:
    """Stages follow one another to the end of the run, and each fits into its stretch."""
    found: list[Trouble] = []
    for number, (stage, start, own) in enumerate(_spans(options, plan), 1):
        who, last = f"stage {number} (`{stage.name}`)", number == len(options.stages)
        end = stage.until.steps(plan.total, plan.per_epoch)
        if end <= start:
            begins = f"{who} ends at step {end} and would begin at step {start}"
            found.append(("stages", begins, "give each stage a later `until` than the one before"))
        elif last != (end >= plan.total):
            told = f"{who} ends at step {end}, the run at step {plan.total}"
            help = "leave its `until` out" if last else "nothing after it would be reached: choose an earlier `until`"
            found.append(("stages", told, help))
        else:
            found += [("stages", f"{who}: {told}", help) for _, told, help in check_one(stage.part, stage, own)]
    return found
