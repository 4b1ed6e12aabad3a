"""A growing run: rows in, findings out, each said once; what it says is what `diagnose` says afterwards.

live = Live(planned=10_000, config={"optimizer.lr": 1e-3, "facts.outputs": 10})
for finding in live.add([{"step": 1, "train/loss": 2.3, "lr": 1e-3, "grad_norm": 0.8}]):
    ...
live.finish()
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from optcli.diagnosis import errors, ladder, rules
from optcli.diagnosis.diagnosis import Diagnosis, Finding
from optcli.diagnosis.engine import Walk, last_step
from optcli.diagnosis.view import View
from optcli.run.curve import Curve, End, Floats, Run, read_only

_NUMBERS: Final = frozenset({int, float, np.float64})


class Live:
    """Findings while a run grows.

    `planned` is the number of optimizer steps the run is to take (None: unknown), `config` what is known under recipe
    paths (`optimizer.lr`, `batch_size`, `facts.task`, `facts.outputs`, `facts.target_variance`, ...).
    """

    def __init__(
        self,
        planned: int | None = None,
        config: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
    ) -> None:
        self.planned, self.config = planned, dict(config or {})
        self._walk = Walk(rules.chosen(select, ignore))
        self._columns: defaultdict[str, _Column] = defaultdict(_Column)
        self._epochs: list[float] = []
        self._epoch: float | None = None
        self._seams: list[float] = []
        self._ladder = ladder.Ladder(planned)
        self._step = -math.inf
        self._clock = math.nan

    def add(self, rows: Iterable[Mapping[str, Any]], *, closed: bool = False) -> list[Finding]:
        """Take rows as the journal holds them (`step` and roles, ascending) and say what is new.

        A rung is judged once a later step has been logged, since validation at the same step may still come;
        `closed=True` says that no more rows belong to the last step.
        """
        for row in rows:
            self._take(row)
        return self._judge(self._step if closed else math.nextafter(self._step, -math.inf))

    def seam(self, step: float) -> None:
        """The run goes on here after an interruption; curves may jump."""
        self._seams.append(float(step))

    def finish(self, end: End = "finished") -> list[Finding]:
        """The run has ended: judge what is left and what only an end can show."""
        new = self._judge(self._step, waiting=False)
        run = self.run(end)
        by_score = errors.judged(run)
        if by_score is not run:
            return new + self._walk.all_of(by_score)
        if ladder.headline(run) is not None and end != "running":
            new += self._walk.climb(View(run, last_step(run), ended=True))
        return new

    def run(self, end: End = "running") -> Run:
        """Everything fed so far as a Run."""
        curves = {role: column.curve(role) for role, column in self._columns.items()}
        roles = {role: role for role in curves}
        return Run(
            "live", "live", curves, roles, self.planned, end,
            read_only(self._epochs), tuple(self._seams), self.config,
        )  # fmt: skip

    def diagnosis(self, end: End = "running") -> Diagnosis:
        """All that was found so far, with causes and prescriptions."""
        return self._walk.diagnosis(self.run(end))

    def _take(self, row: Mapping[str, Any]) -> None:
        if "event" in row or "step" not in row:
            return
        step, columns = float(row["step"]), self._columns
        self._step = max(self._step, step)
        clock = row.get("clock") or {}
        self._clock = time = clock.get("t", self._clock)
        for role, value in row.items():
            if type(value) in _NUMBERS and role != "step":
                columns[role].append((step, value, time))
        if clock:
            if "step_us" in clock:
                columns["step_time"].append((step, clock["step_us"] * 1e-6, time))
            if "mib" in clock:
                columns["memory"].append((step, clock["mib"], time))
        if "nonfinite" in row:
            for role, text in row["nonfinite"].items():
                columns[role].append((step, float(text), time))
        epoch = row.get("epoch")
        if epoch is not None and epoch != self._epoch:
            self._epoch = epoch
            self._epochs.append(step)

    def _judge(self, until: float, *, waiting: bool = True) -> list[Finding]:
        """Climb the rungs up to step `until`; without train/loss yet, wait for it: it would move the rungs."""
        head = next((role for role in ladder.HEADLINES if role in self._columns), None)
        if head is None or (waiting and head != ladder.HEADLINES[0]):
            return []
        curve = self._columns[head].curve(head)
        ready = len(curve) if until >= self._step else int(np.searchsorted(curve.step, until, side="right"))
        due = self._ladder.due(curve, ready)
        run = self.run() if due else None
        return [f for count in due for f in self._walk.climb(View(run, float(curve.step[count - 1])))] if run else []


class _Column:
    """A curve that grows: amortized constant time a point. New points, `(step, value, time)`, wait in a list."""

    def __init__(self) -> None:
        self._points: Floats = np.empty((3, 64))
        self._n = 0
        self._timed = True
        self._new: list[tuple[float, float, float]] = []
        self.append = self._new.append

    def curve(self, role: str) -> Curve:
        """What there is so far; points already in it are never written again."""
        if self._new:
            self._store()
        known = self._points[:, : self._n]
        known.flags.writeable = False
        step, value, time = known
        return Curve(role, step, value, time if self._timed else None)

    def _store(self) -> None:
        new, end = np.array(self._new).T, self._n + len(self._new)
        if end > self._points.shape[1]:
            self._points = np.concatenate([self._points, np.empty((3, end))], axis=1)
        self._points[:, self._n : end] = new
        self._timed = self._timed and bool(np.isfinite(new[2]).all())
        self._n = end
        self._new.clear()
