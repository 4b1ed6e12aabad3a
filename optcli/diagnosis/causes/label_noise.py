"""Some labels are wrong.

**What it is.** A share of the training labels is not what the inputs show. A net first learns what most samples agree
on; only later, by heart, the wrong ones. So training loss falls slowly and keeps falling, validation is best early and
turns up while the training loss is still high (GEN201). When inputs and labels were shuffled apart, all of them are
wrong: validation never gets better than a guess, and what training learns is learned by heart, late (DAT402). Where
validation labels are right, its loss lies far below that of training from early on (GEN205).

**How to tell from plain overfitting.** There the training loss is near 0 when validation has turned. Here much of it
is left at the turn, and training accuracy lies *below* validation accuracy for a long time when validation labels are
clean. And validation *accuracy*, which right labels learned by heart leave as it was, goes down with them: look for a
best one in the middle of the run and a twentieth or more lost after it. The samples with the largest loss after the
first epochs are the wrong ones, or nearly all of them.

**What to do, in this order.** Look at ten pairs of input and label as the loop sees them. Stop at the best validation.
Look at the two hundred samples of the highest loss after a few epochs: if half of them are wrong, clean them. A loss
that doubts its labels (label smoothing, generalized cross entropy) helps without looking.

**Sources.** Arpit et al. 2017, arXiv:1706.05394 (what is learned first). Liu et al. 2020, arXiv:2007.00151 (accuracy
that is lost again). Northcutt et al. 2021, arXiv:1911.00068 (confident learning). Zhang and Sabuncu 2018,
arXiv:1805.07836.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes._case import MANY, Case
from optcli.diagnosis.causes._prescribe import advice, patch
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {
    "GEN201": 0.8,
    "GEN203": 0.5,
    "GEN205": 1.5,
    "DAT402": 2.5,
    "OPT104": -2.0,
    "OPT102": -2.0,
    "OPT106": -3.0,
}
PRIOR: Final = -1.5
CLEAN: Final = -0.6
APART: Final = 3.5
"""Validation loss over the training loss where half of that was gone, in falls, and the log-odds: wrong labels that
only training has keep its loss up by a constant, while strong regularization slows both. Settings that regularize
next to nothing say the same."""
HIGH: Final = 0.2
"""Share of the start level that is left of the training loss when validation has turned."""
LATE: Final = 0.3
"""Share of the run at which half of the fall was done: learning by heart takes many passes, learning only a few."""

LOST: Final = 0.07
"""Share of the best validation accuracy that wrong labels cost, once they are known by heart; right ones that are
learned by heart cost less than 0.015 of it."""
GONE: Final = 3.0
KEPT: Final = -1.5
"""Log-odds where it is gone, in proportion from half of it on, and where less than a quarter of it is."""
FEW: Final = 2.0
"""Log-odds against it where the samples are so few that right labels are known by heart as fast."""
SOON: Final = 2.0
"""Log-odds against it where validation lay apart too soon for anything learned by heart."""
FELL: Final = 0.2
DIFFERS: Final = 0.8
"""Share of training's fall that validation must have fallen by first, and gap when half of it was done, else the sets
differ."""


def weigh(case: Case) -> float:
    """How much of the training loss is left, and whether validation accuracy went when it turned."""
    return _left(case) + _went(case) - FEW * case.few - SOON * case.apart


def _went(case: Case) -> float:
    """Log-odds by the accuracy that is gone, where validation has turned or lies far above."""
    lost = case.sign("accuracy_lost") / LOST
    if not {"GEN201", "GEN203"} & case.findings.keys() or "DAT402" in case.findings:
        return 0.0
    if lost < 0.25:
        return KEPT
    fell = case.figure("GEN203", "val_fell", 1.0) >= FELL and not case.sign("gap_early") > DIFFERS
    return GONE * min(lost, 1.0) if lost > 0.5 and fell else 0.0


def _left(case: Case) -> float:
    """How much of the training loss is left; where validation never learned anything, how late training did."""
    if "DAT402" in case.findings:
        late = case.figure("DAT402", "half") > LATE or case.figure("DAT402", "alone", 0.0)
        return 1.5 if late else -1.5
    if "GEN205" in case.findings and "GEN201" not in case.findings:
        return APART if case.sign("gap_early") < CLEAN or case.unhindered else -APART
    if case.sign("start") > MANY or not HIGH < case.figure("GEN201", "train_left") < 1.0:
        return -1.0
    if case.unlearned:
        return 4.0 if case.figure("GEN201", "above", 1.0) > 0 else 2.0  # else the two sets may differ as well
    return 1.5


def prescribe(case: Case) -> Prescription:
    """Label smoothing and early stopping."""
    return Prescription(
        patch(case, {"regularizers.label_smoothing.strength": 0.1, "regularizers.early_stopping.patience": 3}), {},
        advice("early_stop", "look at the samples with the highest loss, stop at the best validation, smooth labels"),
        "guess", "validation ends lower, and many samples of high loss prove to be mislabelled",
        "the samples of the highest loss are labelled correctly",
    )  # fmt: skip
