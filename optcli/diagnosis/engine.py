"""From a Run to a Diagnosis: walk the rungs, ask the rules, weigh the causes.

run -> rungs -> View of the prefix -> rules -> findings, pinned where first made -> causes -> Diagnosis
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from optcli.diagnosis import causes, errors, hygiene, ladder, rules
from optcli.diagnosis.diagnosis import Abstain, Cause, Diagnosis, Finding, Status
from optcli.diagnosis.signs import signs
from optcli.diagnosis.view import LOSS, View
from optcli.run.curve import Curve, Run
from optcli.run.roles import meaning

SEVERITIES: Final = ("error", "warning", "info")
BOOKKEEPING: Final = frozenset({"epoch", "step_time", "data_time", "time", "memory", "throughput"})
"""Curves that a live run has no use for, so that they don't count as points."""
ABOUT_A_FALL: Final = ("OPT", "GEN", "DAT", "ARC")
"""Families that read the headline as a loss that ought to fall."""


def diagnose(run: Run, *, select: Sequence[str] | None = None, ignore: Sequence[str] = ()) -> Diagnosis:
    """Judge a run by the rules whose codes start with one of `select` and with none of `ignore`."""
    walk = Walk(rules.chosen(select, ignore))
    walk.all_of(errors.judged(run))
    return walk.diagnosis(run)


def last_step(run: Run) -> float:
    """The last step at which anything was logged."""
    return max(float(curve.step[-1]) for curve in run.curves.values() if len(curve))


class Walk:
    """The findings of one run, pinned at the first rung that showed them, as the rungs go by."""

    def __init__(self, codes: Sequence[str]) -> None:
        loaded = ((code, rules.load(code)) for code in codes)
        self._rules = [(code, rule, rule.NEEDS[0], getattr(rule, "AT_END", False)) for code, rule in loaded]
        self._points: dict[str, int] = {}
        self.pinned: dict[tuple[str, str], Finding] = {}
        self.abstained: dict[str, str] = {}
        self._by_score = False

    def all_of(self, run: Run) -> list[Finding]:
        """All rungs of a run, and its end if it came to one; the findings that are new."""
        growing = replace(run, end="running")  # as it was seen while it grew: which curve is the headline depends on it
        curve = ladder.headline(growing)
        self._by_score = curve is not None and curve.name.startswith(ladder.OF_A_SCORE)
        new: list[Finding] = []
        if curve is not None:
            for count in ladder.rungs(curve, run.planned):
                new += self.climb(View(growing, float(curve.step[count - 1])))
        if any(map(len, run.curves.values())) and run.end != "running":
            new += self.climb(View(run, last_step(run), ended=True))
        return new

    def climb(self, view: View) -> list[Finding]:
        """Ask at one rung all rules whose first curve has grown since they were asked; the findings that are new."""
        new: list[Finding] = []
        game = any(map(view.points, ladder.OPPONENTS))
        with np.errstate(all="ignore"):  # curves may hold anything; what comes of it is compared, never trusted
            for code, rule, first, at_end in self._rules:
                if at_end and not view.complete:
                    self.abstained[code] = "the run has not ended"
                    continue
                points = view.points(first)
                if points == self._points.get(code) and not view.ended:
                    continue
                if view.broken and not code.startswith("NUM"):
                    continue  # what was said before the loss stopped being a number stands; nothing can be added
                self._points[code] = points
                new += self._ask(code, rule, view, game)
        return new

    def _ask(self, code: str, rule: rules.Rule, view: View, game: bool) -> list[Finding]:
        reason = _unfit(code, rule, view, game) or (errors.unfit(code, view) if self._by_score else "")
        said = Abstain(reason) if reason else rule.check(view)
        if isinstance(said, Abstain):  # what it said before stands: not to know is no recovery
            self.abstained[code] = said.reason
            return []
        self.abstained.pop(code, None)
        self._heal(code, said, view)
        return [f for f in said if self._pin(f)]

    def diagnosis(self, run: Run) -> Diagnosis:
        """All that was found so far."""
        findings = tuple(sorted(map(_over, self.pinned.values()), key=_order))
        return Diagnosis(
            run.source, run.format, status_of(run, findings), _points(run), run.roles, findings,
            explained(run, findings), (*run.notes, *hygiene.notes(run)), dict(sorted(self.abstained.items())),
        )  # fmt: skip

    def _pin(self, finding: Finding) -> bool:
        """Keep where it was first seen; take over what may grow. True for a new one, and for one that became worse."""
        key = finding.code, finding.curve
        old = self.pinned.get(key)
        if old is None or SEVERITIES.index(finding.severity) < SEVERITIES.index(old.severity):
            self.pinned[key] = finding
            return True
        grown = replace(old, last=finding.last, confidence=finding.confidence, evidence=finding.evidence)
        self.pinned[key] = replace(grown, message=finding.message, healed_at=None)
        return False

    def _heal(self, code: str, found: list[Finding], view: View) -> None:
        if not self.pinned:
            return
        seen = {(f.code, f.curve) for f in found}
        for key, old in self.pinned.items():
            if key[0] == code and key not in seen and old.healed_at is None and _gone(old, view):
                self.pinned[key] = replace(old, healed_at=view.at)


def explained(run: Run, findings: Sequence[Finding]) -> tuple[Cause, ...]:
    """The causes of what was found; none where nothing asks for action, since there is nothing to explain."""
    if not any(map(_asks, findings)):
        return ()
    with np.errstate(all="ignore"):
        return causes.rank(findings, run.config, signs(run))


def status_of(run: Run, findings: Sequence[Finding]) -> Status:
    """`ill` where a finding asks for action; `unknown` where there is too little to judge."""
    if any(map(_asks, findings)):
        return "ill"
    curve = ladder.headline(errors.judged(run))
    judged = curve is not None and len(curve) >= hygiene.LEAST_POINTS
    return "healthy" if judged and not ladder.game(run) and not hygiene.window(run) else "unknown"


def _points(run: Run) -> int:
    """Logged values of what was trained and measured; not the bookkeeping of epochs and clocks."""
    return sum(len(curve) for role, curve in run.curves.items() if not _bookkeeping(role, curve))


def _bookkeeping(role: str, curve: Curve) -> bool:
    """Epochs and clocks, of validation too, and what never changes and has no meaning (`n_parameters`)."""
    fixed = len(curve) > 1 and bool((curve.value == curve.value[0]).all())
    return role.rpartition("/")[2] in BOOKKEEPING or (fixed and meaning(role) is None)


def _unfit(code: str, rule: rules.Rule, view: View, game: bool) -> str:
    """Why a rule needn't be asked at this rung, or nothing."""
    if LOSS in rule.NEEDS and code.startswith(ABOUT_A_FALL) and game:
        return hygiene.GAME
    for place, role in enumerate(rule.NEEDS):
        points = view.points(role)
        if not points:
            return f"no {role} in the log"
        if place == 0 and points < rule.POINTS:
            return f"{points} points of {role}; {rule.POINTS} are needed"
    return ""


def _asks(finding: Finding) -> bool:
    """Whether it asks for action: it stands, or it is over but was too bad a state to pass."""
    return finding.severity != "info" and (finding.healed_at is None or hasattr(rules.load(finding.code), "passes"))


def _gone(finding: Finding, view: View) -> bool:
    """Whether what isn't found any more is over, and not just below what it takes to find it."""
    gone = getattr(rules.load(finding.code), "gone", None)
    return gone is None or bool(gone(finding, view))


def _over(finding: Finding) -> Finding:
    """A state that has passed asks for nothing any more; what has happened stays as bad as it was."""
    passes = getattr(rules.load(finding.code), "passes", None)
    over = finding.healed_at is not None and passes is not None and passes(finding)
    return replace(finding, severity="info") if over else finding


def _order(finding: Finding) -> tuple[Any, ...]:
    return (SEVERITIES.index(finding.severity), finding.first, finding.code, finding.curve)
