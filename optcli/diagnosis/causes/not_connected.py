"""What is trained and what makes the loss are not connected.

**What it is.** The loop runs, gradients may even be computed, and yet the loss stays what it was at the start
(OPT104). Somewhere the chain from labels to weights is cut:

- the optimizer was given other parameters: those of a model rebuilt or wrapped later, or the last layer only
- the graph is cut: `detach`, `no_grad`, `.data`, `.item()` or numpy between the parameters and the loss
- the rate that reaches the optimizer is 0
- units are dead or all alike: biases far below 0 in front of ReLUs, weights all 0, sigmoids stacked ten deep
- inputs and labels were shuffled apart, so that there is nothing to learn but the labels' frequencies

**How to tell.** Validation is the sharpest witness. The same loss to the last digit every time: no parameter changes
at all, so look at optimizer, rate and graph. The gradient's norm exactly 0: the graph is cut. Parameters change and
the loss doesn't: dead units, or unrelated labels. A score that is the same number in every validation: one answer is
given to everything, whatever the inputs are, and at most a bias learns. Chance level is ln(classes), or the variance of
the target.

**What to do, in this order.** Try to learn eight samples by heart, a hundred steps without regularization: a sound
chain gets to a loss near 0. If it doesn't, compare the parameters before and after one `step()`; print which have a
`grad` that is None; check that the optimizer's parameters are the model's. If it does, shuffle the labels on purpose:
when that makes no difference, they were unrelated before. Standard initialization revives dead units.

**Sources.** Karpathy, A Recipe for Training Neural Networks, 2019. He et al. 2015, arXiv:1502.01852 (initialization).
Lu et al. 2019, arXiv:1903.06733 (dying ReLU).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes._case import LOW, Case
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.strength import ABSURD

EVIDENCE: Final = {
    "OPT104": 2.5,
    "GEN204": 0.1,
    "ARC501": -1.5,
    "ARC503": -1.5,
    "OPT103": -2.5,
    "OPT109": -4.0,
    "OPT101": -1.5,
    "OPT102": -2.0,
    "ARC502": -2.0,
    "DAT405": -3.0,
    "OPT110": -2.0,
}
PRIOR: Final = -0.5
LEFT: Final = 0.88
PART: Final = 0.5
ONE: Final = 4.0
NOTHING: Final = -5.0
"""Share of the start level that is left where only a part of the net learns, such as the last bias, the log-odds of
that (not at a low rate, which would explain it), those where one answer is given to everything, and those where the
loss did move."""
BURNT: Final = 3.0
"""Log-odds against it at a rate that no net bears, where validation moves at all: units are dead, and not cut off."""


def weigh(case: Case) -> float:
    """Exact zeros speak for it; a fall that is certain, or a leap, against."""
    moves = case.figure("OPT104", "val_trend") != 0.0
    odds = NOTHING * case.idle - BURNT * (case.rate > ABSURD and moves)
    if "OPT104" not in case.findings:
        part = case.figure("GEN204", "left") > LEFT and not case.figure("GEN204", "narrow", 0.0) and case.rate > LOW
        odds += ONE if case.answers_alike else PART if part else NOTHING
    elif case.answers_alike and "OPT103" in case.findings:
        odds += ONE
    if case.figure("OPT104", "frozen", 0.0) or case.figure("OPT104", "grad_norm", 1.0) == 0.0:
        odds += 3.0
    crawls = case.crawls and not case.alone and not case.answers_alike
    return odds - 1.5 * crawls - 2.0 * case.collapsed - 3.0 * case.lifted


def prescribe(case: Case) -> Prescription:
    """No setting cures it: the probe that finds the cut."""
    words = (
        "train on eight samples until the loss is near 0; if it won't go there, check that the optimizer holds this "
        "model's parameters, that none has grad None, that the rate isn't 0, and that inputs and labels belong together"
    )
    return Prescription(
        None, {}, {
            "any": words,
            "hf": f"{words}; `Trainer(optimizers=...)` must be built from the model it is given",
            "lightning": f"{words}; `configure_optimizers` must use `self.parameters()`",
            "keras": f"{words}; look at `trainable` and recompile after changing it",
        }, "safe", "the loss on eight samples goes to 0 within a hundred steps", "it does so without any change",
    )  # fmt: skip
