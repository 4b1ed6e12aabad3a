"""The case that causes weigh: what was found, what is known of the settings, and how the whole run went."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from optcli.diagnosis import settings, strength
from optcli.diagnosis.diagnosis import Finding

LEAPS: Final = ("OPT101", "OPT102", "OPT108", "ARC502")
UNCHANGED: Final = 1.05
CALM: Final = 0.12
AT_ONCE: Final = 0.1
"""What a rate too high may show, times its usual level that a rate hasn't changed by, and shares of the run that are a
long calm before that and none."""
SOARED: Final = 30.0
RAISED: Final = 1.5
LEAPED: Final = 30.0
RAISED_TO: Final = 0.5
SETTLED: Final = 12
BURSTING: Final = 1.4
"""Times its usual level that a loss soars to, times a rate goes up (so many where that isn't to so many decades above
the usual) and the points before, and decades above the usual rate: sound recipes reach 1.3."""
LOW: Final = -1.0
"""Decades below the usual rate from which on weights may move too little to change an answer."""
LIFT: Final = 0.15
"""Accuracy above chance, as a fraction, that no constant guess reaches by luck."""
BEHIND: Final = 0.4
"""Share of a small fall that validation must have, if there is anything in it that holds for other samples."""
DOUBTLESS: Final = -20.0
"""Standard errors of its fall."""
MOST_LEFT: Final = 0.5
"""Share of the start level beyond which little was learned that holds for other samples."""
MANY: Final = 3.2
"""Nats: a loss that starts higher is one of text, of which half is left in any case."""
MOVED: Final = 2e-3
"""Share of the first epoch's loss by which all others lie below it, where those are one number."""
CUT: Final = 0.05
"""Share of the first-order fall: the noise of gradients leaves a good tenth of it to a rate that is too low."""
CERTAIN: Final = -6.0
"""Standard errors from which a small fall is a fall."""
WORSE: Final = -0.05
"""Share of the level of an untrained model by which a loss may lie above it: beyond, a fall is only a way back."""
ALIKE: Final = 0.2
"""Gap at a first validation that was good already, in falls, up to which the fall of validation lies before it."""
ALIKE_EPOCH: Final = 0.1
"""The same after a whole first epoch, whose mean the training loss is: sets that differ show 0.13 and more."""
EARLY: Final = 0.2
FAR: Final = 0.8
"""Gaps when training has done half of its fall, in falls: the least that is one, and one that tells by itself that
the two sets differ."""
MILD: Final = 0.3
MILD_DECAY: Final = 0.05
"""A dropout and a weight decay that hold no training loss up by much."""
BRIEF: Final = 8
"""Passes over the training samples: 80 of 85 planted runs that were cut off had made no more, and of 187 that crawled
at too low a rate none."""
RUINED: Final = 0.25
LOST: Final = 0.3
TALL: Final = 6.0
DEAD: Final = 5.0
"""Rise of validation as a share of training's leap, or of the drop where points are no epochs, and the leap's height in
drops if it stays up: of 26 such leaps in planted logs without a rate 20 were rates that jumped, of 62 others 19. Last
the times its start up to which a loss stays at what a guess earns."""
PASSES: Final = 6
"""Passes over the training samples that it takes to learn them by heart, where nothing was learned before: nine in ten
of the runs on few samples or with wrong labels had made as many when training was half-way, and one in ten of those
with another validation set."""
BEGUN: Final = 0.5
NONE: Final = 0.02
"""Training accuracy of the first epoch over that of the end, below which little had been learned by then, and fall of
validation as a share of training's that is none: then it never got near what training data became like."""
LEAPT: Final = 1.03
"""Highest block over the start level, beyond noise, of a run that leapt before it settled at chance level."""


@dataclass(frozen=True)
class Case:
    """What a cause weighs: findings by code (the surest of each), the configuration as far as known, and signs."""

    findings: Mapping[str, Finding]
    config: Mapping[str, Any]
    signs: Mapping[str, float] = field(default_factory=dict)
    """Figures of the whole run, see `optcli.diagnosis.signs`."""

    def sign(self, name: str) -> float:
        """A sign of the run, or NaN, which is neither above nor below anything."""
        return self.signs.get(name, math.nan)

    def figure(self, code: str, name: str, default: float = math.nan) -> float:
        """A figure from the evidence of the finding `code`, or `default`."""
        finding = self.findings.get(code)
        found = finding.evidence.get(name) if finding is not None else None
        return default if found is None else found.value

    @property
    def alike(self) -> bool:
        """Whether the first validation, where it tells, shows that training and validation data are of one kind."""
        if self.apart:
            return False
        begun = not self.sign("begun") < BEGUN or self.figure("GEN203", "val_fell", 1.0) > NONE
        return self.sign("gap_first") < ALIKE or (begun and self.sign("gap_epoch") < ALIKE_EPOCH)

    @property
    def apart(self) -> bool:
        """Whether validation lay above training before there was time to learn anything by heart."""
        soon = self.sign("passes") < PASSES and not strength.tuned(self.config)
        return soon and self.sign("gap_early") > EARLY

    @property
    def by_heart(self) -> bool:
        """Whether there was such time before training had got half-way, and validation was not far off by then."""
        return (self.few or self.sign("gap_early") <= FAR) and self.sign("passes") >= PASSES

    @property
    def bad_data(self) -> bool:
        """Whether the first value that was no number stood in the data, as a run of ours finds out when it stops."""
        return settings.setting(self.config, "facts.first_bad") in ("input", "target")

    @property
    def announced(self) -> bool:
        """Whether the loss soared before it was no number any more.

        It did so tenfold at most in 121 of 126 planted runs where arithmetic was to blame, and a hundredfold in 38 of
        40 where the rate was.
        """
        return self.figure("NUM301", "loss_rise") > SOARED

    @property
    def broken_by_rate(self) -> bool:
        """Whether the rate went up shortly before that, to more than usual, and not in the first steps of a warm-up."""
        rose, far = self.figure("NUM301", "lr_ratio"), self.figure("NUM301", "rate", math.inf) > RAISED_TO
        return rose > (RAISED if far else LEAPED) and self.figure("NUM301", "finite_before") >= SETTLED

    @property
    def bursting(self) -> bool:
        """Whether the rate is so far above what is usual for its optimizer that numbers may stop being any at once.

        Before the first step it has done nothing yet, and in a warm-up it isn't there yet.
        """
        return not self.sign("untrained") > 0 and self.figure("NUM301", "rate", self.rate) > BURSTING

    @property
    def crawls(self) -> bool:
        """Whether a loss that hardly moved does fall, by little and beyond doubt, in training or validation."""
        falls = self.figure("OPT104", "trend", 0.0), self.figure("OPT104", "val_trend", 0.0)
        least = (WORSE if falls[1] > DOUBTLESS else 3 * WORSE) - 3 * self.figure("OPT104", "noise", 0.0)
        return min(falls) < CERTAIN and self.figure("OPT104", "fall", 0.0) > least

    @property
    def collapsed(self) -> bool:
        """Whether a loss that ended where it began leapt up in between, by more than its noise."""
        noise = self.figure("OPT104", "noise", 0.0)
        return not self.crawls and self.figure("OPT104", "peak", 1.0) > LEAPT + 3 * noise

    @property
    def lifted(self) -> bool:
        """Whether a loss at chance level hides that the choices are better than chance: outputs small, but right."""
        chance = math.exp(-self.sign("start")) if self.sign("start") > 0 else math.nan
        return min(self.sign("train_accuracy"), self.sign("val_accuracy")) > chance + LIFT

    @property
    def alone(self) -> bool:
        """Whether training crawls and validation stays behind: what is learned is the samples, not the task.

        Validation that falls beyond any doubt, however little, shows that it is the task.
        """
        return self.sign("followed") < BEHIND and not self.figure("OPT104", "val_trend", 0.0) < DOUBTLESS

    @property
    def unlearned(self) -> bool:
        """Whether validation turned while over half of the training loss was left, which is so of text alone."""
        return self.sign("start") < MANY and MOST_LEFT < self.figure("GEN201", "train_left") < 1.0

    @property
    def unhindered(self) -> bool:
        """Whether settings are known and none of them makes the training set harder to learn."""
        dropout, decay = self.number("regularizers.dropout.rate") or 0.0, self.number("optimizer.weight_decay") or 0.0
        told = self.number("optimizer.lr") is not None and settings.setting(self.config, "regularizers") is None
        return told and dropout < MILD and decay < MILD_DECAY

    @property
    def brief(self) -> bool:
        """Whether the samples are known to have been seen a few times only."""
        return self.sign("epochs") <= BRIEF

    @property
    def oversized(self) -> bool:
        """Whether the loss began beyond any guess's and grew from there, at a rate that is no reason for it."""
        return self.sign("oversized") > 0 and self.rate <= strength.WILD

    @property
    def ruined(self) -> bool:
        """Whether validation leapt with training at a rate that isn't logged: the weights went, not one batch.

        So they did where training stays a little above its start after a high leap: the net is dead. A leap of little
        height that stays is another case: what has to be learned may have changed.
        """
        tall, back = self.figure("OPT108", "share") > TALL, self.figure("OPT108", "recovered", 0.0) > 0
        unseen = math.isnan(self.figure("OPT108", "lr_ratio"))
        shared = self.figure("OPT108", "val_share") > RUINED or self.figure("OPT108", "val_rise") > LOST
        dead = tall and not back and 1.0 < self.figure("OPT102", "over_start") < DEAD
        return unseen and (((back or tall) and shared) or dead)

    @property
    def out_of_calm(self) -> bool:
        """Whether trouble came long after the start, at a usual rate that is known not to have changed.

        A rate too high shows in the first eighth: so it was in 76 of 86 planted runs whose rate is no more than usual,
        and of 137 in which samples or labels went bad 136 were calm until later.
        """
        return self._calm >= CALM and self.rate <= strength.WILD

    @property
    def restless(self) -> bool:
        """Whether it came at once, at a rate that is known not to have changed."""
        return self._calm < AT_ONCE

    @property
    def _calm(self) -> float:
        """Share of the run before there was trouble at a constant or falling rate; NaN where that isn't known."""
        codes = [code for code in LEAPS if code in self.findings]
        ratios = [ratio for code in codes if not math.isnan(ratio := self.figure(code, "lr_ratio"))]
        steady = max((*ratios, self.sign("lr_rise")), default=math.inf) <= UNCHANGED
        if codes == ["OPT101"] or not ratios or not steady or "NUM301" in self.findings:
            return math.nan
        start, end = self.sign("first_step"), self.sign("last_step")
        return (min(self.findings[code].first for code in codes) - start) / max(end - start, 1.0)

    @property
    def few(self) -> bool:
        """Whether the training set is known to be of so few samples that any net learns them by heart at once."""
        return self.sign("training_set") <= strength.FEW

    @property
    def idle(self) -> bool:
        """Whether nothing is learned and the logged rate is 0, but wasn't at first, as an exact loss shows as well."""
        exact = self.figure("OPT104", "frozen", 0.0) > 0 and self.figure("OPT104", "noise") < MOVED / 10
        moved = self.figure("OPT104", "lr_peak") > 0 or (exact and self.figure("OPT104", "fall") > MOVED)
        return moved and self.figure("OPT104", "lr") == 0.0

    @property
    def cut(self) -> bool:
        """Whether the loss falls, beyond doubt, by far less than steps of rate times gradient would make it fall."""
        slow = "OPT103" in self.findings or (self.crawls and self.findings["OPT104"].healed_at is None)
        return slow and 0 < self.sign("efficiency") < CUT

    @property
    def rate(self) -> float:
        """Decades between the learning rate and what is usual for its optimizer; 0 where not known.

        Of an optimizer that isn't known, decades outside of what is usual for any.
        """
        return strength.rate_off(self.config, self._lr)

    @property
    def answers_alike(self) -> bool:
        """Whether one answer was given to everything in all validations, at a rate that is known and not low."""
        return self.sign("one_answer") > 0 and self.rated and self.rate > LOW

    @property
    def rated(self) -> bool:
        """Whether the learning rate is known."""
        return self._lr > 0

    @property
    def _lr(self) -> float:
        return self.number("optimizer.lr") or self.sign("lr_peak")

    def number(self, path: str) -> float | None:
        """The configured number at a recipe path, or None."""
        return settings.number(self.config, path)
