"""What the columns of a log need before anybody asks for their roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from optcli.run import notes as say
from optcli.run.company import nickname
from optcli.run.curve import Note
from optcli.run.merge import Points, by_time
from optcli.run.roles import CLOCK_NAMES, meaning, split_in, words

_OF_SPACY: Final = re.compile(r"LOSS [A-Z0-9_]+")
"""A part of spaCy's pipeline in the header of its table, beside `E` and `#`."""
_BY_BATCHES: Final = re.compile(r"((?:.*/)?)evaluation_(\w+)_vs_iterations")
"""What Keras' callback says of an evaluation with the number of training batches for its step."""
FEWEST: Final = 3
"""Rises of what is called a time, and nothing else, from which on it is a clock."""


def amended(columns: dict[str, Points]) -> dict[str, Points]:
    """The columns as they ought to be read."""
    columns = {name: points for name, points in columns.items() if not _said_by_epoch(name, columns)}
    columns = _without_single_steps(columns) if "E" in columns else columns
    return _timed(columns, columns[ticks]) if (ticks := next(iter(clocks(columns)), "")) else columns


def clocks(columns: Mapping[str, Points]) -> list[str]:
    """The columns called a time that only ever grow, which the time of a step doesn't: seconds since some start."""
    return [name for name, points in columns.items() if _called_a_clock(name) and _grows(points)]


def _called_a_clock(name: str) -> bool:
    if name.strip().lower() in CLOCK_NAMES:
        return True
    return "elapsed" in words(name) and (found := meaning(name)) is not None and found.role == "step_time"


def _grows(points: Points) -> bool:
    rise = np.diff(points.value)
    return len(rise) >= FEWEST and bool((rise > 0).all()) and bool(np.isfinite(points.value).all())


def _timed(columns: dict[str, Points], ticks: Points) -> dict[str, Points]:
    """The same, with the clock's time for those that have none and are of the same steps."""
    return {
        name: replace(points, time=ticks.value)
        if points.time is None and points is not ticks and np.array_equal(points.step, ticks.step)
        else points
        for name, points in columns.items()
    }


def _said_by_epoch(name: str, columns: Mapping[str, Points]) -> bool:
    """Whether another column has the same values over epochs, as Keras' other curves are."""
    found = _BY_BATCHES.fullmatch(name) if name.endswith("_vs_iterations") else None
    return found is not None and f"{found[1]}epoch_{found[2]}" in columns


def _without_single_steps(columns: dict[str, Points]) -> dict[str, Points]:
    """The same; but of spaCy's losses, sums over the steps since the row before, those of the row at step 0 are left
    out: they are of that step alone, and a hundredth of all that follow."""
    return {
        name: points.take(points.step > 0) if _OF_SPACY.fullmatch(name) and (points.step > 1).any() else points
        for name, points in columns.items()
    }


def placed(columns: dict[str, Points], roles: Mapping[str, str]) -> list[Note]:
    """Put curves that count epochs beside a training curve of steps where their clock says they belong.

    The training loss may count epochs, too, beside one of batches, as Ignite's do.
    """
    main = roles.get("train/loss", "")
    found = _moved(columns, roles, main)
    if not found and (batches := _of_batches(columns, roles)):
        found = _moved(columns, roles, batches)
        found = found if main in found else {}
    columns |= found
    if not found:
        return []
    names = ", ".join(sorted(f"`{name}`" for name in found))
    return [say.note(say.PLACED, f"{names} count epochs; their clock gives the steps")]


def _moved(columns: Mapping[str, Points], roles: Mapping[str, str], lead: str) -> dict[str, Points]:
    """The columns with a role that count epochs, at the steps of the lead."""
    if lead not in columns:
        return {}
    there = {name: by_time(columns[lead], columns[name]) for name in roles.values() if name != lead}
    return {name: points for name, points in there.items() if points is not None}


def _of_batches(columns: Mapping[str, Points], roles: Mapping[str, str]) -> str:
    """The longest other column whose name may be that of a training loss, or nothing."""
    others = [name for name in columns if name not in roles.values() and split_in(name) in (None, "train")]
    losses = [name for name in others if nickname(name) or ((said := meaning(name)) and said.role == "train/loss")]
    return max(losses, key=lambda name: len(columns[name].step), default="")
