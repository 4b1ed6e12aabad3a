"""Logs of any framework -> Runs: find the files, recognize their format, read, merge and name what was read."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from optcli.run import notes as say
from optcli.run.amend import amended, clocks, placed
from optcli.run.axis import TOO_OFTEN
from optcli.run.block import Unreadable
from optcli.run.collect import Log
from optcli.run.curve import Curve, Floats, Note, Run, read_only
from optcli.run.find import Found, discover
from optcli.run.memory import Memory
from optcli.run.merge import Points, Restart, ascending, by_clock, restarts, supersede
from optcli.run.readers import load
from optcli.run.roles import EPOCH_NAMES, assign
from optcli.run.sidecar import beside
from optcli.run.source import Source
from optcli.run.stats import median
from optcli.run.trainings import begins, cut, earlier, leader

__all__ = ["Unreadable", "read"]

ENOUGH = 20
"""Points from which on the usual spacing of a curve is known."""
GAP = 10.0
"""A hole is this many times as wide as the median distance of two points."""

TOLD = 10
"""Notes on restarts, or on files, that are given in full."""


def read(
    path: str,
    *,
    mapping: Mapping[str, str] | None = None,
    pattern: str | None = None,
    memory: Memory | None = None,
    training: int | None = None,
) -> list[Run]:
    """All runs at `path`: a file, a run directory, a directory of many runs, or `-` for standard input.

    `mapping` (role -> column name) overrides the recognition of roles, and that of the column that counts the `step`;
    `pattern` is a regular expression with named groups (`step`, `epoch`, `loss`, `val_loss`, ...) for console text in a
    form of its own. `memory` keeps what was read for the next time. Of several trainings in one log `training` is the
    number of the one that counts, from 1; by default it is the last.

    Raises:
        Unreadable: there is no curve; the reason says what was found instead.
    """
    try:
        found = discover(str(path), pattern)
    except OSError as error:
        raise _gone(str(path), error) from None
    runs, problem = [], None
    for one in found:
        try:
            runs += _read_one(one, mapping, memory, training)
        except Unreadable as error:
            problem = problem or error
        except OSError as error:
            problem = problem or _gone(one.source, error)
    if not runs:
        if problem is None or problem.path == str(path):
            raise problem or Unreadable(str(path), "no training log in it")
        inside = os.path.relpath(problem.path, path)
        raise Unreadable(str(path), f"no training log in it; {inside}: {problem.reason}")
    return runs


def _gone(path: str, error: OSError) -> Unreadable:
    """The file vanished, or can't be read any more."""
    return Unreadable(path, (error.strerror or str(error)).lower())


@np.errstate(all="ignore")  # curves may hold anything
def _read_one(
    found: Found, mapping: Mapping[str, str] | None, memory: Memory | None, training: int | None
) -> list[Run]:
    reader = load(found.format)
    logs: dict[str, Log] = {}
    for path, name in found.files:
        source = found.stream or Source(path, name, found.pattern)
        source.ended = memory is None
        for block in reader.blocks(source) if memory is None else memory.blocks(reader, source):
            if block.run not in logs:
                logs[block.run] = Log(found.format, found.notes, (mapping or {}).get("step", ""))
                logs[block.run].config |= beside(path)
            logs[block.run].add(block, name)
        for log in logs.values():
            log.end_file(source)
    runs = [finish(log, _title(found.source, key), mapping, training) for key, log in logs.items()]
    runs = [run for run in runs if run.points]
    if not runs:
        raise Unreadable(found.source, "it holds no numbers over steps")
    return runs


def _title(source: str, key: str) -> str:
    return f"{source}#{key}" if key else source


def finish(log: Log, source: str, mapping: Mapping[str, str] | None = None, training: int | None = None) -> Run:
    """The run in a complete log: roles, restarts, one value a step, epochs.

    Raises:
        Unreadable: there are fewer trainings in it than `training`.
    """
    columns = amended(log.columns())
    remarks = list(log.notes)
    remarks += _counted(columns)[:1]
    told = {role: name for role, name in (mapping or {}).items() if role != "step"}
    told = {**log.roles, **told}
    idle = set(clocks(columns)).difference(told.values())
    roles = assign({name: len(points.value) for name, points in columns.items() if name not in idle}, told)
    remarks += (moved := placed(columns, roles))
    log.kind = "step" if moved else log.kind
    if training is not None:
        columns = _chosen(columns, roles, log, source, training, remarks)
    turns = _turns(columns, roles, log, remarks)
    # A column that is called like a role which another column plays stands aside.
    role_of = {name: f"{name} (column)" for name in roles if name in columns}
    role_of |= {name: role for role, name in roles.items()}
    turned = {turn.where for turn in turns}
    curves: dict[str, Curve] = {}
    for name, points in columns.items():
        role = role_of.get(name, name)
        where = log.where.get(name, "")
        # A column in a file of its own may have turned back by itself.
        mine = [] if where in turned or not where else restarts(points, where)
        points = supersede(points, turns + mine, where)
        kept, extra = ascending(points, first_wins_at_end=role.startswith(("val/", "test/")))
        if extra:
            remarks.append(say.note(say.FINAL_EVALUATION, f"{extra} more at the last step of `{name}`"))
        if len(kept.step):
            time = None if kept.time is None else read_only(kept.time)
            curves[role] = Curve(role, read_only(kept.step), read_only(kept.value), time)
    remarks += _gaps(curves.get("train/loss"))
    remarks += earlier(columns.get(roles.get("train/loss", roles.get("val/loss", ""))), turns)
    return Run(
        source=source,
        format=log.format,
        curves=curves,
        roles={role: name for role, name in roles.items() if role in curves} | log.counted_by(),
        planned=log.plan(),
        end=log.end,
        epoch_steps=_epoch_steps(curves, log),
        seams=_seams(curves, turns, log),
        config=log.config,
        notes=tuple(dict.fromkeys(remarks)),
        axis=log.kind,
    )


def _counted(columns: dict[str, Points]) -> list[Note]:
    """Points that all have the same step are counted instead (nobody passed a step to the logger).

    Beside columns that do move, a step that isn't 0 was passed: these are evaluations of one model.
    """
    still = [n for n, p in columns.items() if len(p.step) > 1 and p.step.min() == p.step.max()]
    moving = sum(len(points.step) > 1 for points in columns.values()) > len(still)
    told = []
    for name in still:
        points = columns[name]
        if len(points.step) > 2 and not (moving and points.step[0]):
            count = np.arange(len(points.step), dtype=np.float64)
            columns[name] = Points(points.order, count, points.value, points.time)
            what = f"all points of `{name}` are at step {points.step[0]:g}; they are counted"
            told.append(say.note(say.ROW_ORDER, what))
    return told


def _chosen(
    columns: dict[str, Points], roles: Mapping[str, str], log: Log, source: str, number: int, remarks: list[Note]
) -> dict[str, Points]:
    """The columns of one training of several."""
    lead = leader(columns, roles)
    turns = _turns(columns, roles, log, [])
    places = begins(columns[lead], turns) if lead is not None else []
    if number > len(places) + 1:
        held = f"{len(places) + 1} trainings" if places else "one training"
        raise Unreadable(source, f"it holds {held}, there is no number {number}")
    remarks.append(say.note(say.OVERLAP, f"training {number} of {len(places) + 1} in this log is judged"))
    return cut(columns, places, number)


def _turns(columns: dict[str, Points], roles: Mapping[str, str], log: Log, remarks: list[Note]) -> list[Restart]:
    """Restarts as seen in the headline curve: other columns may be out of order for their own reasons."""
    lead = leader(columns, roles)
    _sessions(columns, log, lead, remarks)
    turns = restarts(columns[lead], log.where.get(lead, "")) if lead is not None else []
    if lead is not None:
        turns += _cuts(columns[lead], log, turns)
    begin = 0.0 if lead is None else float(np.min(columns[lead].step, initial=np.inf))
    told = []
    for turn in turns:
        if turn.step <= begin:
            what = f"an earlier training, up to step {turn.reached:g}, stands in the same log and is left out"
            told.append(say.note(say.OVERLAP, what))
        else:
            what = f"the log reaches step {turn.reached:g} and goes on from {turn.step:g}"
            told.append(say.note(say.SEAM, f"{what}: a restart"))
            if turn.step <= turn.reached:
                told.append(say.note(say.OVERLAP, f"{what}; from there on the later values count"))
    remarks += _few(told)
    return turns + log.turns


def _few(told: list[Note]) -> list[Note]:
    """The first of many notes, and how many more there are."""
    more = len(told) - TOLD
    return told if more <= 0 else [*told[:TOLD], say.note(told[TOLD].code, f"{more} more of the kind")]


def _cuts(points: Points, log: Log, known: list[Restart]) -> list[Restart]:
    """Sessions that begin at or beyond the last step: no step turns back, but the log says so.

    None where it says so too often: some write their header above every row.
    """
    if len(log.cuts) > max(3, TOO_OFTEN * len(points.step)):
        return []
    found, taken = [], {turn.order for turn in known}
    for order in log.cuts:
        i = int(np.searchsorted(points.order, order))
        if 0 < i < len(points.step) and points.order[i] not in taken:
            found.append(Restart(float(points.order[i]), float(points.step[i]), float(points.step[i - 1])))
    return found


def _sessions(columns: dict[str, Points], log: Log, lead: str | None, remarks: list[Note]) -> None:
    """What several files in one folder mean: a run that was resumed, or two that were written at once."""
    told = []
    for before, after in log.sessions():
        shared = before.first.keys() & after.first.keys()
        if not shared:
            continue
        key = lead if lead in shared else min(shared)
        if after.began < before.ended and after.first[key] <= before.last[key]:
            what = f"two writers at the same time; both logged steps {after.first[key]:g} to {before.last[key]:g}"
            told.append(say.note(say.SEVERAL_WRITERS, f"{what}; of each step the value written last counts"))
            for name in shared:
                columns[name] = by_clock(columns[name])
        elif after.first[key] > before.last[key]:
            log.seams.append(after.first[key])
            told.append(say.note(say.SEAM, f"a second file goes on at step {after.first[key]:g}"))
    remarks += _few(told)


def _seams(curves: Mapping[str, Curve], turns: list[Restart], log: Log) -> tuple[float, ...]:
    """Steps at which the run goes on after a restart; its own beginning is none."""
    begin = min((float(curve.step[0]) for curve in curves.values()), default=0.0)
    return tuple(sorted({s for s in (*(turn.step for turn in turns), *log.seams) if s > begin}))


def _gaps(curve: Curve | None) -> list[Note]:
    """A note if the headline curve has holes many times as wide as its usual spacing."""
    if curve is None or len(curve) < ENOUGH:
        return []
    move = np.diff(curve.step)
    holes = np.flatnonzero(move > GAP * median(move))
    if not len(holes):
        return []
    first, end = curve.step[holes[0]], curve.step[holes[0] + 1]
    what = f"{len(holes)} holes in the steps of `{curve.name}`, the first between {first:g} and {end:g}"
    return [say.note(say.GAPS, what)]


def _epoch_steps(curves: Mapping[str, Curve], log: Log) -> Floats:
    """The steps at which a new epoch begins."""
    if log.kind == "epoch":
        lead = curves.get("train/loss") or max(curves.values(), key=len, default=None)
        return read_only([] if lead is None else lead.step[_begins(lead.step)])
    name = next((n for n in curves if n.strip().lower() in EPOCH_NAMES), None)
    return read_only([] if name is None else curves[name].step[_begins(curves[name].value)])


def _begins(epoch: Floats) -> npt.NDArray[np.intp]:
    """Where the epoch's number goes up. A fraction says how much is done: 1.0 is still the end of the first epoch."""
    done = epoch if (epoch == np.floor(epoch)).all() else np.ceil(epoch)
    return np.flatnonzero(np.append(np.ones(min(1, len(done)), bool), np.diff(done) > 0))
