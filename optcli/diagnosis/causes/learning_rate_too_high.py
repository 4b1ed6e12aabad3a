"""The learning rate is too high.

**What it is.** A step along the gradient helps only as long as the slope stays about what it was. On a surface with
curvature *h* plain gradient descent is stable below a rate of 2/h; beyond, each step overshoots the valley by more
than it came from, and the loss swings (OPT101) or runs away (OPT102, then NUM301). Networks drift towards that limit
by themselves and then hover there, the edge of stability: a loss that is ragged but falls is no fault.

**The case that fools everybody.** In a net of ReLUs a rate far too high seldom gives NaN. One wild step pushes most
units to where they are off for every input, no gradient flows any more, and the loss settles at what a constant guess
earns: ln(classes), or the variance of the target. That looks like a rate too low. The first steps tell them apart:
here the loss leapt above its start before it settled, or noise and gradient stay larger than at the start. Raising the
rate then is the opposite of the cure.

**How to tell.** The trouble begins at the peak of the warm-up or right after the rate went up. Swings shrink at once
when a schedule lowers the rate. In a log without the rate, a leap that the next validation shows as well was one of the
weights and not of one batch. Three short runs at the rate, a third and a tenth of it settle the question.

**What to do, in this order.** Divide the rate by three and keep the schedule. If only the first hundred steps are
wild, warm up over 1 to 5 % of the run instead. Clip the gradient's norm at its usual level when single batches do the
damage. A larger batch or an average of weights calms the end of a run, not its start.

**Sources.** Cohen et al. 2021, arXiv:2103.00065 (edge of stability). Gilmer et al. 2021, arXiv:2110.04369 (warm-up
and clipping against instability). Godbole et al., Deep Learning Tuning Playbook, 2023.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes._case import LEAPS, Case
from optcli.diagnosis.causes._prescribe import advice, scale_patch
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.strength import ABSURD

EVIDENCE: Final = {
    "OPT101": 3.0,
    "OPT102": 2.5,
    "OPT108": 1.0,
    "NUM301": 0.5,
    "ARC502": 1.5,
    "OPT104": 0.2,
    "OPT103": -1.0,
    "DAT405": -2.5,
    "GEN204": 0.3,
    "OPT105": 0.6,
    "OPT106": 0.1,
}
PRIOR: Final = -1.0
RISE: Final = 1.5
"""Times the usual level that a loss or a rate must have reached to count as risen."""
RISING: Final = 1.05
"""The same for a rate that is still on its way up, as in a warm-up."""
FAR: Final = 1.5
UNUSUAL: Final = 1.3
"""Log-odds for a configured rate more than 20 times (10^1.3) above what is usual for its optimizer."""
BURST: Final = 2.5
"""The same where numbers stop being any, at a rate further above."""
SEASONAL: Final = 3.0
"""Log-odds against it where each epoch repeats the swings: then they come from the order of the data."""
CALM: Final = 4.0
"""The same where a run had gone well for long at a rate that is known not to have changed."""
OVERSIZED: Final = 3.0
"""The same where the first loss is beyond any guess's already."""
INNOCENT: Final = -6.0
"""Log-odds where the data hold what is no number, or the first loss of all is none."""
MUCH: Final = 0.1
"""Factor for a run that collapsed: a third would not bring it back below the limit."""
LESS: Final = 0.3


def weigh(case: Case) -> float:
    """Log-odds from what happened first: a leap, a rising loss, a rising rate."""
    if case.bad_data or case.sign("untrained") > 0:
        return INNOCENT
    odds = -SEASONAL * (case.figure("OPT101", "period") > 0) - OVERSIZED * case.oversized
    odds -= CALM * case.out_of_calm
    odds += FAR * (case.rate > UNUSUAL) - FAR * (case.rate < -UNUSUAL)
    if "OPT104" in case.findings:
        odds += 3.0 if case.collapsed or case.rate > ABSURD else -1.5
    if "NUM301" in case.findings:
        odds += (2.5 if case.announced else -1.5) + BURST * case.bursting
    leapt = any(case.figure(code, "lr_ratio") > RISE for code in LEAPS)
    if leapt or case.broken_by_rate:
        odds += 2.5
    elif any(case.figure(code, "lr_ratio") > RISING for code in ("OPT102", "OPT108", "ARC502")):
        odds += 0.5
    elif "OPT108" in case.findings:
        odds += 1.5 if case.ruined else -1.5
    return odds


def prescribe(case: Case) -> Prescription:
    """A third of the rate; a tenth after a collapse; the usual one where it is far from that."""
    collapsed = "OPT104" in case.findings or "NUM301" in case.findings
    factor, share = (MUCH, "a tenth") if collapsed else (LESS, "a third")
    if case.rate > UNUSUAL:
        factor, share = 10**-case.rate, "what is usual for its optimizer"
    words = f"lower the learning rate to {share} and start again, from scratch or from before the trouble"
    return Prescription(
        scale_patch(case, "optimizer.lr", factor), {"lr": factor}, advice("lr", words), "likely",
        "the loss falls steadily from the first hundred steps on and ends lower",
        "the same swings or the same collapse at the lower rate",
    )  # fmt: skip
