"""The validation set is of another kind than the training set.

**What it is.** The loss is measured on data that the training set says nothing about: another camera, another year,
other normalization, other label numbers. Validation hardly falls or rises from the first epochs on, while the
training loss is as it should be (GEN203, GEN201).

**How to tell from learning by heart.** Then validation falls first, often most of the way, and turns up later. Here
it never got far, or lay far above before the samples had been seen six times, which is too soon for learning by heart
(the log must tell epochs). In a log by epochs most of that fall may lie before the first line: a first validation no
higher than the training loss of its epoch comes from data of the same kind. Train on a random part of *both* sets
together: when the gap is gone, the sets differed. Or let a classifier tell training from validation inputs; if it can,
so can the model. Check the mean and spread of the inputs of one batch of each.

**Also look at** evaluation mode: dropout left on, batch norm with statistics of the wrong data, tokenizers or
resizing that differ between the two loaders. These shift validation for the same samples. Evaluate the *training* set
in evaluation mode: its loss must be near the one logged in training.

**What to do.** Use the same preprocessing for both. Split at random where the task allows it, by group or by time
where it must, and then judge by that. If the shift is real, training needs data or augmentation that covers it.

**Sources.** Quiñonero-Candela et al. 2009, Dataset Shift in Machine Learning. Ioffe and Szegedy 2015,
arXiv:1502.03167 (batch statistics).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes._case import FAR, Case
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {
    "GEN203": 1.5,
    "GEN201": 0.8,
    "GEN207": 1.5,
    "DAT402": 1.5,
    "GEN204": -1.5,
    "OPT104": -2.0,
    "OPT102": -1.5,
    "OPT109": -3.0,
    "OPT101": -1.0,
}
PRIOR: Final = -1.5
NEVER_FELL: Final = 0.3
LATE: Final = -1.5
HALF: Final = 0.3
"""Share of the run at which half of the training's fall was done: what is there to be learned is learned before."""
ALIKE_ODDS: Final = -3.0
"""Log-odds where the first validation shows that the two sets are alike."""
APART: Final = 2.5
BY_HEART: Final = -1.5
"""Log-odds where validation lay above training before, and after there was time to learn samples by heart."""
FEW_ODDS: Final = -3.0
"""Log-odds where the training samples are so few that they are known by heart within some steps."""


def weigh(case: Case) -> float:
    """A validation loss that never fell far, or lay far above from the start."""
    return _apart(case) + (FEW_ODDS if case.few else 0.0)


def _apart(case: Case) -> float:
    if case.figure("DAT402", "half") > HALF or case.figure("DAT402", "alone", 0.0):
        return LATE
    if case.alike:
        return ALIKE_ODDS
    if case.by_heart:
        return BY_HEART
    odds = APART if case.apart else 2.0 * (case.sign("gap_early") > FAR)
    if "GEN203" not in case.findings:
        return odds
    return odds + (3.0 if case.figure("GEN203", "val_fell", 1.0) < NEVER_FELL else -0.5)


def prescribe(case: Case) -> Prescription:
    """A comparison, not a setting."""
    words = (
        "compare preprocessing and statistics of the two sets, evaluate the training set in evaluation mode, "
        "and try a random split of both together"
    )
    return Prescription(
        None, {}, {
            "any": words,
            "hf": f"{words}; the same processor and collator must serve `train_dataset` and `eval_dataset`",
            "lightning": f"{words}; compare `train_dataloader` and `val_dataloader`",
            "keras": f"{words}; put preprocessing layers inside the model",
        }, "safe", "on a random split the gap is gone", "the gap is as large on a random split",
    )  # fmt: skip
