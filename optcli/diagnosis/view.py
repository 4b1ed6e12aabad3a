"""What the rules see: a run up to one rung, and the quantities that several of them need.

Nothing after the rung can be reached from here, so that what is said live and what is said afterwards are the same by
construction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np

from optcli.diagnosis import ladder
from optcli.diagnosis.diagnosis import Evidence, Finding, Severity
from optcli.diagnosis.layers import dead_shares, layer_norms
from optcli.diagnosis.rules import name_of
from optcli.diagnosis.settings import constant_guess, setting
from optcli.run.curve import Curve, Floats, Run
from optcli.run.prepare import Series, warm_up_end
from optcli.run.stats import median

MANY_OUTCOMES: Final = 3.2
"""Nats: chance among 25 outcomes. Tasks with more of them are mostly text."""
LOSS: Final = "loss"
"""In a rule's `NEEDS`: the headline curve, whichever role it has."""
LUCK: Final = 1.6
LEAST_GUESS: Final = 0.65
"""Factor between the accuracy at the start and a guess's up to which they agree, and the least loss of a guess: ln 2,
but for some noise. Losses below are not of a guess among classes."""
MOST_NATS: Final = 700.0  # exp of more is no float
SPENT: Final = 2e-4
"""Share of its peak at which a rate does nothing any more: a schedule's last planned value is 1e-3 and up."""
LEAST_RATES: Final = 8
LEAST_SPENT: Final = 4
"""Points of the rate's curve that there must be, and that must show it spent."""
RESTART: Final = 1.5
"""Times by which a rate goes up at once where a schedule restarts."""
UNITS: Final = 2.0
"""Times the first validation that the training loss may be: more is a sum of several losses, or a distillation's."""
BRIEF: Final = 40  # steps
PER_PASS: Final = 1.5
"""Points in an epoch, or points for each validation, up to which a log is taken to be by epoch."""


class View:
    """A run up to and with step `at`; `ended` when nothing more will come, `complete` if it came so far."""

    def __init__(self, run: Run, at: float, *, ended: bool = False) -> None:
        self._run, self.at, self.ended = run, at, ended
        self.complete = ended and not ladder.broke_off(run)
        self._curves: dict[str, Curve | None] = {}
        self._series: dict[str, Series | None] = {}

    @property
    def config(self) -> Mapping[str, Any]:
        """What is known of the run's recipe, by path."""
        return self._run.config

    @property
    def roles(self) -> Iterable[str]:
        """The roles of all curves that have points so far."""
        return filter(self.points, self._run.curves)

    @property
    def planned(self) -> int | None:
        """Optimizer steps that the run is meant to take, if known."""
        return self._run.planned

    def curve(self, role: str) -> Curve | None:
        """The curve of a role so far, non-finite values and all; None where there is none."""
        if role not in self._curves:
            whole = ladder.headline(self._run) if role == LOSS else self._run.curves.get(role)
            cut = whole.until(self.at) if whole is not None else None
            self._curves[role] = cut if cut is not None and len(cut) else None
        return self._curves[role]

    def series(self, role: str) -> Series | None:
        """The finite points of a role so far; None where there are none."""
        if role not in self._series:
            curve = self.curve(role)
            series = Series.of(curve) if curve is not None else None
            self._series[role] = series if series is not None and series.n else None
        return self._series[role]

    def points(self, role: str) -> int:
        """Points of a role so far, finite or not."""
        curve = self._curves[role] if role in self._curves else self.curve(role)
        return curve.step.size if curve is not None else 0

    @property
    def brief(self) -> bool:
        """Whether the run was to take so few optimizer steps that no net learns in them."""
        return self._run.axis == "step" and self.planned is not None and self.planned < BRIEF

    @cached_property
    def loss(self) -> Series:
        """The headline curve's finite points; an empty series where there are none."""
        return self.series(LOSS) or Series("", np.empty(0), np.empty(0))

    @cached_property
    def broken(self) -> bool:
        """Whether the headline stopped being a number before this rung; a lone infinity doesn't count."""
        curve = self.curve(LOSS)
        if curve is None or self.loss.n == len(curve):
            return False
        past = curve.value[:-1]
        return bool(np.isnan(past).any()) or int(np.isinf(past).sum()) > 1

    @cached_property
    def stretch(self) -> Series:
        """The headline since the run last went on after an interruption: levels before it are another matter."""
        if not self.seams:
            return self.loss
        first = int(np.searchsorted(self.loss.step, self.seams[-1], side="left"))
        return Series(self.loss.name, self.loss.step[first:], self.loss.value[first:])

    @cached_property
    def val(self) -> Series | None:
        """The validation loss, unless it is the headline itself."""
        found = self.series("val/loss") or self.series("test/loss")
        return found if found is not None and found.name != self.loss.name else None

    @cached_property
    def alike(self) -> bool:
        """Whether training and validation loss may be the same quantity, by their levels at the first validation."""
        if self.val is None:
            return True
        first = float(self.val.value[0])
        return first <= 0 or self.loss.at(float(self.val.step[0])) <= UNITS * first

    @cached_property
    def warm(self) -> float | None:
        """The step at which warm-up ended; None without one, inf while it goes on."""
        return warm_up_end(self.series("lr"))

    @cached_property
    def share(self) -> float:
        """Share of the planned steps that are done; 1 at an end, NaN where no plan is known."""
        if self.complete:
            return 1.0
        return min(1.0, self.at / self.planned) if self.planned else math.nan

    @cached_property
    def epochs(self) -> Floats:
        """Steps at which epochs began, so far."""
        marks = self._run.epoch_steps
        return marks[: int(np.searchsorted(marks, self.at, side="right"))]

    @cached_property
    def seams(self) -> tuple[float, ...]:
        """Steps at which the run went on after an interruption, so far."""
        return tuple(s for s in self._run.seams if s <= self.at)

    @cached_property
    def learned(self) -> bool:
        """Whether the loss fell so far that a share of its fall means something: well above noise, 5 % of its level."""
        loss = self.loss
        if loss.n <= 3:
            return False
        return loss.drop > max(8 * loss.tau, 4 * loss.sigma, 0.05 * abs(loss.start))

    @cached_property
    def chance(self) -> float | None:
        """The loss of the best constant guess, from the configuration: ln(classes) or the target's variance."""
        return constant_guess(self.config)

    @cached_property
    def chance_at_most(self) -> float | None:
        """The same where it is known; else, of classes, a bound from the training accuracy at the start, with luck."""
        accuracy = self.series("train/accuracy")
        if self.chance is not None or accuracy is None:
            return self.chance
        first = median(accuracy.value[:8])
        return math.log(2 / first) if 0.01 < first <= 1 else None

    @cached_property
    def top(self) -> float:
        """The loss of an untrained model: the start level, or chance where that is known to be higher."""
        return max(self.loss.start, self.chance or 0.0)

    @cached_property
    def settled(self) -> float:
        """Share of the run by which nine tenths of the fall from `top` were done."""
        return self.loss.settled(self.top)

    @cached_property
    def guess(self) -> float | None:
        """The loss of a constant guess: as known, else the start, if the training accuracy there is that of a guess.

        Of exp(start) classes one in so many is right by luck; a few batches leave room for a factor of `LUCK`.
        """
        accuracy, start = self.series("train/accuracy"), self.loss.start if self.loss.n else 0.0
        if self.chance is not None or accuracy is None or start < LEAST_GUESS:
            return self.chance
        luck = median(accuracy.value[:5]) * math.exp(min(start, MOST_NATS))
        return start if 1 / LUCK < luck < LUCK else None

    @cached_property
    def layers(self) -> list[Series]:
        """Norms of the gradient of single layers, from the input on, under whatever names they were logged."""
        return [s for name in layer_norms(self._run) if (s := self.series(name)) is not None]

    @cached_property
    def dead(self) -> list[Series]:
        """Shares of dead units, of layers or of the whole net."""
        return [s for name in dead_shares(self._run) if (s := self.series(name)) is not None]

    @cached_property
    def right(self) -> float:
        """Share of what lies between a guess and perfection that the better accuracy has gained; NaN where unknown."""
        ends = [a.end for part in ("train", "val") if (a := self.series(f"{part}/accuracy")) is not None]
        if not ends or not self.loss.n:
            return math.nan
        luck = math.exp(-max(self.top, 0.0))
        return (max(ends) - luck) / max(1 - luck, 1e-3)

    @cached_property
    def restarts(self) -> Floats:
        """Steps at which the rate went back up to one that it had had before, as a schedule with restarts plans it."""
        lr = self.series("lr")
        if lr is None or lr.n < 3:
            return np.empty(0)
        before = np.maximum.accumulate(lr.value)[:-1]
        back = (lr.value[1:] > RESTART * lr.value[:-1]) & (lr.value[1:] <= 1.01 * before)
        return lr.step[1:][back]

    @cached_property
    def floored(self) -> bool:
        """Whether the loss may have a floor that nothing in the log tells of: no accuracy, no known chance level.

        A regression's is the noise of its target.
        """
        return self.chance is None and not any(self.points(role) for role in ("train/accuracy", "val/accuracy"))

    @cached_property
    def entropic(self) -> bool:
        """Whether the task is known to have a floor far above 0: text keeps about half of its chance level."""
        return bool(setting(self.config, "facts.task") == "language")

    @cached_property
    def texty(self) -> bool:
        """Whether it is `entropic`, or the task is unknown and the loss began as high as that of a vocabulary.

        Reads the loss in nats, so a rule that asks is not free of the loss's scale.
        """
        if not self.loss.n or setting(self.config, "facts.task") is not None:
            return self.entropic
        return bool(max(self.loss.start, self.loss.value[0]) > MANY_OUTCOMES)  # the first may be a mean of many steps

    @cached_property
    def spent(self) -> float | None:
        """The step from which on the learning rate has been next to nothing; None while there is some left."""
        lr = self.series("lr")
        if lr is None or lr.n < LEAST_RATES:
            return None
        peak = float(lr.value.max())
        alive = np.flatnonzero(lr.value > SPENT * peak)
        if peak <= 0 or not len(alive) or alive[-1] >= lr.n - LEAST_SPENT:
            return None
        return float(lr.step[alive[-1] + 1])

    @cached_property
    def by_epoch(self) -> bool:
        """Whether points of the headline stand for whole passes: about one for each validation or epoch mark."""
        passes = max(len(self.epochs), self.val.n if self.val is not None else 0)
        return self.loss.n <= PER_PASS * passes

    def lr_change(self, step: float, reach: float) -> float:
        """Largest learning rate within `reach` steps up to `step`, over the one before; NaN without such a curve."""
        lr = self.series("lr")
        if lr is None or lr.n < 2:
            return math.nan
        near = lr.value[(lr.step >= step - reach) & (lr.step <= step)]
        before = lr.at(step - reach)
        return float(near.max()) / before if len(near) and before > 0 else math.nan

    def finding(
        self,
        module: str,
        severity: Severity,
        curve: str,
        first: float,
        confidence: float,
        message: str,
        **evidence: tuple[float, str],
    ) -> Finding:
        """A finding of the rule in `module`, known at this rung and lasting until it.

        Figures that are not finite are left out: they say nothing, and JSON can't hold them.
        """
        code, name = name_of(module)
        figures = {k: Evidence(float(value), unit) for k, (value, unit) in evidence.items() if math.isfinite(value)}
        sure, logged = round(min(max(confidence, 0.0), 0.99), 3), curve.removeprefix(ladder.OF_A_SCORE)
        return Finding(code, name, severity, sure, logged, first, self.at, self.at, message, figures)
