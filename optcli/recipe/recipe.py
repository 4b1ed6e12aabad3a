"""The Recipe: everything that a training depends on, checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from optcli import parts
from optcli.parts import schedules
from optcli.parts.facts import Facts
from optcli.parts.schedules._course import Scheduled
from optcli.recipe import scalars
from optcli.recipe.edit import along
from optcli.recipe.plan import Plan, plan
from optcli.recipe.sections import SLOTS, TOP, Choices, Chosen, Group, Monitor, Pace, Range, Train
from optcli.recipe.tree import Node
from optcli.recipe.validate import adapter
from optcli.units import Duration

_WIDE = 100
"""Characters of one line of YAML; a longer mapping is written over several."""


@dataclass(frozen=True)
class Recipe:
    """A checked recipe with every default filled in. Two are equal if they mean the same, wherever it was written."""

    name: str
    seed: int
    data: Chosen
    batch_size: int
    reconstruct: bool
    """Whether the target is the input itself."""
    model: Chosen
    freeze: tuple[str, ...]
    """Patterns of the parameters that are not trained."""
    loss: Chosen
    metrics: tuple[Chosen, ...]
    optimizer: Chosen
    groups: Mapping[str, Group]
    """Pattern -> what is different for those parameters."""
    layer_decay: float
    schedule: Chosen
    pace: Pace
    """What changes along with the schedule's rate, and when."""
    regularizers: tuple[Chosen, ...]
    train: Train
    monitor: Monitor
    tune: Mapping[str, Choices | Range]
    facts: Facts = field(compare=False)
    """What the data set says of itself."""
    tree: Node = field(compare=False, repr=False)
    """As it was written, with what it extends and the overrides laid together."""

    def plan(self) -> Plan:
        """How many steps the run takes."""
        t = self.train
        return plan(self.facts.train, self.batch_size, t.accumulate, t.epochs, t.steps)

    def rates(self, points: int = 400) -> list[tuple[int, float]]:
        """The planned learning rate: (0-based step, rate) at `points` steps or fewer, the first and last among them.

        What a schedule does in answer to the run (`plateau`) is not in it.
        """
        scheduled, last = self.scheduled(), self.plan().steps - 1
        steps = sorted({round(at * last / max(1, points - 1)) for at in range(points)})
        base = self.optimizer.options.lr
        return [(step, base * scheduled.rate(step)) for step in steps]

    def scheduled(self) -> Scheduled:
        """The schedule over this recipe's run."""
        run = self.plan()
        plan = schedules.Plan.of(self.schedule.options, run.steps, run.steps_per_epoch, self.pace.unit)
        options, floor = self.schedule.options, self.pace.min_lr
        if floor is not None:
            options = replace(options, min_ratio=floor / self.optimizer.options.lr)
        return Scheduled(parts.find("schedule", self.schedule.name), options, self.pace, plan)

    def to_dict(self) -> dict[str, Any]:
        """Every value, in plain types; `loads` of it as YAML gives an equal recipe."""
        slots = {slot: _part(getattr(self, slot)) for slot in SLOTS}
        values: dict[str, Any] = {
            "name": self.name,
            "seed": self.seed,
            **slots,
            "data": _part(self.data, batch_size=self.batch_size, **({"reconstruct": True} if self.reconstruct else {})),
            "model": _part(self.model, **({"freeze": list(self.freeze)} if self.freeze else {})),
            "optimizer": {**_part(self.optimizer), **self._grouping()},
            "schedule": _part(self.schedule, **self._pace()),
            "metrics": [_part(m) for m in self.metrics],
            "regularizers": [_part(r) for r in self.regularizers],
            "train": {k: v for k, v in _plain(self.train).items() if v is not None or k == "target"},
            "monitor": _plain(self.monitor),
            "tune": {path: _wishes(wish) for path, wish in self.tune.items()},
        }
        return {key: values[key] for key in TOP}

    def _grouping(self) -> dict[str, Any]:
        """What the optimizer's slot has beside its options, where it isn't the usual."""
        groups = {name: {k: v for k, v in _plain(g).items() if v is not None} for name, g in self.groups.items()}
        slower = {} if self.layer_decay == 1 else {"layer_decay": self.layer_decay}
        return slower | ({"groups": groups} if groups else {})

    def _pace(self) -> dict[str, Any]:
        """The same of the schedule's slot."""
        return {key: value for key, value in _plain(self.pace).items() if value != getattr(Pace, key)}

    def to_yaml(self) -> str:
        """The full text: nothing is left to defaults."""
        return "".join(_lines(key, value) for key, value in self.to_dict().items())

    @cached_property
    def hash(self) -> str:
        """SHA-256 of every value: equal recipes have equal hashes."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    @cached_property
    def origin(self) -> Mapping[str, str]:
        """Path of each value -> where it was set: `file:line`, `override`, or `default`."""
        return {path: _where(self.tree, path) for path in paths(self.to_dict())}


def _plain(options: Any) -> dict[str, Any]:
    values: dict[str, Any] = adapter(options.__class__).dump_python(options, mode="json")
    steps = {k: v for k, v in vars(options).items() if isinstance(v, Duration) and v.unit == "steps"}
    return {**values, **{key: int(duration.value) for key, duration in steps.items()}}


def _part(chosen: Chosen, **more: Any) -> dict[str, Any]:
    return {"name": chosen.name, **more, **_plain(chosen.options)}


def _wishes(wish: Choices | Range) -> Any:
    return list(wish.values) if isinstance(wish, Choices) else _plain(wish)


def _lines(key: str, value: Any) -> str:
    if isinstance(value, list) and any(len(v) > 1 for v in value):
        return f"{key}:\n" + "".join(f"  - {scalars.write(_short(v))}\n" for v in value)
    value = [_short(v) for v in value] if isinstance(value, list) else _short(value)
    line = f"{key}: {scalars.write(value)}\n"
    if len(line) <= _WIDE or not isinstance(value, dict):
        return line
    return f"{key}:\n" + "".join(f"  {scalars.write_text(k)}: {scalars.write(v)}\n" for k, v in value.items())


def _short(value: Any) -> Any:
    return value["name"] if isinstance(value, dict) and list(value) == ["name"] else value


def paths(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The path of every value of `Recipe.to_dict()`, in order; a listed part goes by its name."""
    for key, value in values.items():
        if not prefix and isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            value = {part["name"]: part for part in value}
        if isinstance(value, dict) and value and prefix + key not in ("tune", "optimizer.groups"):
            yield from paths(value, f"{prefix}{key}.")
        else:
            yield prefix + key


def _where(tree: Node, path: str) -> str:
    found = [node for _, node in along(tree, path)]
    left = path.split(".")[len(found) :]
    bare = bool(found) and left == ["name"] and isinstance(found[-1].value, str)
    if left and not bare:
        return "default"
    node = found[-1]
    other = path == "schedule.name" and isinstance(node.value, str) and parts.house("schedule", node.value)
    return f"{node.span}, as `{node.value}`" if other and other != node.value else str(node.span)


def value_at(values: Any, path: str) -> Any:
    """The value of one of `paths(values)`."""
    for step in path.split("."):
        if isinstance(values, list):
            values = {part["name"]: part for part in values}
        values = values[step]
    return values
