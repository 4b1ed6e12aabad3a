"""Regularization holds the model back.

**What it is.** Weight decay, dropout, augmentation and label noise on purpose all make the training set harder to
learn. Too much of it, and the training loss itself stays high (GEN204, GEN205): the model underfits.

**How to tell.** Training and validation lie close together, both high; with dropout or augmentation the training loss
even lies *above* validation, since only training suffers. Strong weight decay shows as a fall that stops early at a
level which is not the floor (OPT105), in extreme cases at chance (OPT104): the decay pulls the weights down as fast as
the gradient builds them up. The cleanest test: the same run without any regularization.

**How to tell from too small a model.** Without regularization a model that is large enough learns eight batches by
heart. One that can't is too small, or the optimization fails.

**What to do, in this order.** Switch all of it off and see whether the training loss can fall. If it can, put back
half of each. Decoupled weight decay above 0.3 and dropout above 0.5 are seldom right.

**Sources.** Loshchilov and Hutter 2019, arXiv:1711.05101. Srivastava et al. 2014, JMLR 15:1929. Goodfellow, Bengio
and Courville, Deep Learning, chapter 11.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, patch
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.settings import setting

EVIDENCE: Final = {
    "GEN204": 2.0,
    "GEN205": 3.0,
    "OPT105": 0.8,
    "OPT104": 0.3,
    "OPT103": -1.0,
    "OPT109": -5.0,
    "OPT102": -2.0,
    "OPT101": -1.5,
    "ARC502": -2.0,
    "GEN201": -2.0,
    "GEN203": -1.0,
    "DAT405": -3.0,
}
PRIOR: Final = -1.0
STRONG_DECAY: Final = 0.1
STRONG_DROPOUT: Final = 0.5
SHRUNK: Final = 1.5
"""Log-odds for choices that are right at outputs too small to lower the loss: decay holds the weights down."""
SLOW: Final = 1.5
UNUSUAL: Final = 1.3
"""Log-odds against it at a rate less than a 20th (10^-1.3) of what is usual, which explains a high loss by itself."""

FROZEN: Final = 4.0
"""Log-odds against it where nothing moves at all: decay and dropout move the outputs."""
HELD: Final = 3.0
"""Log-odds where the settings are known to hold it back far beyond the usual."""
CLEAN: Final = -0.6
APART: Final = 2.0
"""Log-odds against it where validation is far below training from early on, in falls, or the settings hold nothing
back: wrong labels do that."""
NOTHING: Final = 10.0
"""Log-odds against it where a recipe regularizes nothing: then it can't be, whatever else is seen."""
HOLD_BACK: Final = (
    "dropout", "drop_path", "l1", "l2", "elastic_net", "group_lasso", "orthogonal", "spectral", "max_norm", "augment",
    "cutmix", "mixup", "input_noise", "embedding_noise", "gradient_noise", "swap_noise", "r_drop",
    "sam",
)  # fmt: skip
"""Regularizers that make the training set harder to learn. The others average, clip or stop; what label smoothing
adds to the training loss is no sign that less is learned."""


def weigh(case: Case) -> float:
    """Settings that are strong, and validation below training."""
    odds = 0.0
    decay, dropout = case.number("optimizer.weight_decay") or 0.0, case.number("regularizers.dropout.rate") or 0.0
    if (
        decay > STRONG_DECAY
        or dropout > STRONG_DROPOUT
        or (case.number("regularizers.l2.strength") or 0.0) > STRONG_DECAY
    ):
        odds += 2.5
    if case.figure("GEN204", "gap", 0.0) < -0.05:
        odds += 1.0
    if setting(case.config, "regularizers") is not None and not _at_work(case):
        odds -= NOTHING
    held = case.figure("GEN204", "held", 0.0) > 0
    odds += HELD * held
    if case.unhindered or ("GEN205" in case.findings and case.sign("gap_early") < CLEAN):
        odds -= APART
    if case.figure("OPT104", "frozen", 0.0) and not held:  # a decay may have brought all weights to 0
        odds -= FROZEN
    shrunk = "OPT104" in case.findings and case.lifted and not case.crawls
    return odds + SHRUNK * shrunk - SLOW * (case.rate < -UNUSUAL)


def prescribe(case: Case) -> Prescription:
    """Nothing of it, as a test; then half."""
    return Prescription(
        patch(case, _at_work(case) or {"optimizer.weight_decay": 0.0}), {"weight_decay": 0.0, "dropout": 0.0},
        advice("weight_decay", "train once without weight decay and dropout; if the loss falls, put half of it back"),
        "likely", "the training loss ends clearly lower", "the training loss is as high without any regularization",
    )  # fmt: skip


def _at_work(case: Case) -> dict[str, object]:
    """What a recipe regularizes by, as the changes that switch it off."""
    decay: dict[str, object] = {"optimizer.weight_decay": 0.0} if case.number("optimizer.weight_decay") else {}
    found = [f"regularizers.{name}" for name in HOLD_BACK if setting(case.config, f"regularizers.{name}") is not None]
    return decay | dict.fromkeys(found)
