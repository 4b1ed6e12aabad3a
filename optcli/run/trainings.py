"""Several trainings in one log, one after the other: which of them is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from optcli.run import notes as say
from optcli.run.curve import Note
from optcli.run.merge import Points, Restart


def leader(columns: Mapping[str, Points], roles: Mapping[str, str]) -> str | None:
    """The curve whose restarts are the log's: a loss, else the longest one."""
    lead = next((roles[r] for r in ("train/loss", "val/loss") if roles.get(r) in columns), None)
    return lead or max(columns, key=lambda name: len(columns[name].value), default=None)


def begins(lead: Points, turns: Iterable[Restart]) -> list[float]:
    """Places at which the next training begins: where the log turns back to its first step, or before it."""
    first = float(np.min(lead.step, initial=np.inf))
    return sorted(turn.order for turn in turns if turn.step <= first)


def cut(columns: Mapping[str, Points], places: list[float], number: int) -> dict[str, Points]:
    """What was written in training `number`, counted from 1, of those that begin at these places."""
    edges = [-np.inf, *places, np.inf]
    low, high = edges[number - 1 : number + 1]
    parts = {name: points.take((points.order >= low) & (points.order < high)) for name, points in columns.items()}
    return {name: points for name, points in parts.items() if len(points.step)}


def earlier(lead: Points | None, turns: Iterable[Restart]) -> list[Note]:
    """A note if a training that is left out is longer than the last one, which counts."""
    places = begins(lead, turns) if lead is not None else []
    if lead is None or not places:
        return []
    sizes = np.diff([0, *(int(np.sum(lead.order < place)) for place in places), len(lead.order)])
    if sizes.max() == sizes[-1]:
        return []
    what = f"the last training, which is judged, has {sizes[-1]} points; an earlier one has {sizes.max()}"
    return [say.note(say.OVERLAP, f"{what}: `diagnose --training {sizes.argmax() + 1}` judges that")]
