"""The learning rate is too low.

**What it is.** Each step goes the right way and is too short: the loss falls in a straight line, certain but tiny,
and the steps there are will not bring it down (OPT103), or it has hardly moved when the budget ends (OPT104, OPT106).
A healthy curve is steep at first and then slows down; one that crawls doesn't slow down because it has got nowhere.

**How to tell.** Project the line: at this pace the run would need five times its steps or more. Gradients are
healthy, neither zero nor shrinking; parameters change by less than about 1e-5 of their size a step, where 1e-3 is
usual. Look whether a warm-up still goes on, whether the rate is divided twice (by the batch, or by accumulation), or
whether clipping at a small norm cuts every step down: then that is the cause and the rate is innocent.

**What it is not.** A flat loss at chance level after a leap is the opposite, a rate far too high. An exactly constant
validation loss means that no parameter changes at all. A fine-tuned model starts good, so that a small fall is all
there is to gain.

**What to do, in this order.** Multiply the rate by ten, watch two hundred steps, and take a third of the highest rate
at which the loss still falls steadily; `optcli find-lr` does this. Shorten a warm-up that takes over 10 % of the run.
With plain SGD on a net that is badly scaled, Adam finds the scale by itself.

**Sources.** Smith 2017, arXiv:1506.01186 (range test). Godbole et al., Deep Learning Tuning Playbook, 2023.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, scale_patch
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {
    "NUM301": -4.0,
    "NUM302": -4.0,
    "OPT103": 3.5,
    "OPT104": 0.8,
    "OPT106": 0.8,
    "GEN204": 0.1,
    "OPT101": -2.0,
    "OPT102": -2.5,
    "OPT108": -1.5,
    "OPT109": -4.0,
    "DAT405": -2.5,
    "ARC502": -2.0,
    "GEN201": -1.5,
    "GEN203": -1.0,
    "OPT110": -3.0,
}
PRIOR: Final = -1.5
FAR: Final = 2.5
UNUSUAL: Final = 1.3
USUAL: Final = 0.3
"""Log-odds for a rate less than a 20th (10^-1.3) of what is usual for its optimizer, against one that isn't below half
of it (10^-0.3), and in between in proportion."""
SHORT: Final = 2.5
"""Log-odds against it where steps are shorter than rate times gradient: then the rate isn't what holds them back."""
BRIEF: Final = 2.0
"""The same where the samples have been seen a few times only: nothing learns in so few steps."""
YOUNG: Final = 1.5
FASTER: Final = 1.4
"""Pace late over pace early: a fall that speeds up by this much has only just begun."""
ONE: Final = 3.0
"""Log-odds against it where a usual rate brought one answer for everything: only a bias learns."""
FACTOR: Final = 5.0


def weigh(case: Case) -> float:
    """For a loss that hardly moved: does it fall at all, and did it leap first?"""
    middle, half = -(UNUSUAL + USUAL) / 2, (UNUSUAL - USUAL) / 2
    odds = FAR * min(max((middle - case.rate) / half, -1.0), 1.0) if case.rated else 0.0
    if "GEN204" in case.findings and case.rate > -UNUSUAL:
        odds -= 1.0  # a curve that slowed down
    odds -= BRIEF * case.brief + SHORT * case.cut + YOUNG * (case.figure("OPT103", "late_over_early") > FASTER)
    if "OPT104" not in case.findings:
        return odds
    odds -= ONE * case.answers_alike
    odds += 3.0 * case.crawls - 3.0 * (case.crawls and case.alone)
    if case.figure("OPT104", "frozen", 0.0) or case.figure("OPT104", "grad_norm", 1.0) == 0.0:
        odds -= 4.0
    if case.collapsed:
        odds -= 3.0
    return odds


def prescribe(case: Case) -> Prescription:
    """Five times the rate: from there on `find-lr` is the better tool."""
    return Prescription(
        scale_patch(case, "optimizer.lr", FACTOR), {"lr": FACTOR},
        advice("lr", "raise the learning rate five- to tenfold, or let a range test choose it"), "likely",
        "in the same number of steps the loss falls at least three times as far",
        "the loss is as slow as before, or it swings",
    )  # fmt: skip
