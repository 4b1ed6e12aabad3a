"""The model learns its training samples by heart.

**What it is.** From some step on, what still lowers the training loss is particular to the training samples.
Validation loss stops falling and turns up (GEN201) or stays far above (GEN203). With enough parameters and passes any
net gets there; how soon depends on how many samples there are for what has to be learned.

**How to tell.** Training loss heads for 0, training accuracy for 1. The turn comes after a fixed number of passes
over the data: rarely fewer than six, but two or three will do for a large net that was trained before. Half the data
makes it come earlier; that is the cleanest test. Where the training set is known to be of 160 samples or less, a gap
from the first validation on is this, too. When validation *loss* rises while validation *accuracy* holds (GEN202), the
model grows overconfident: harmless where only the ranking counts.

**What it is not.** Validation that never fell at all points to a split of another kind, see validation-shift. A val
loss below the training loss comes from dropout, augmentation or averaging over the epoch, and is fine.

**What to do, in this order.** Keep the checkpoint of the best validation loss and stop a little later: free, and it
takes back all that was lost. More or augmented data is the only real cure. Then weight decay (0.01 to 0.1 with AdamW),
dropout 0.1 to 0.3, label smoothing 0.1, one at a time; a smaller model last, it costs ability too. Large nets may get
better again after long training; when you wait for that, say so.

**Sources.** Prechelt 1998, doi:10.1007/3-540-49430-8_3 (early stopping). Loshchilov and Hutter 2019, arXiv:1711.05101
(decoupled weight decay). Srivastava et al. 2014 (dropout). Nakkiran et al. 2019, arXiv:1912.02292 (double descent).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes._case import FAR, Case
from optcli.diagnosis.causes._prescribe import advice, patch, scaled
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {
    "GEN201": 3.0,
    "GEN202": 1.5,
    "GEN203": 1.5,
    "GEN204": -2.0,
    "OPT104": -2.5,
    "OPT102": -1.5,
    "OPT101": -1.0,
}
PRIOR: Final = -1.0
NEVER_FELL: Final = 0.3
"""Share of the training loss's drop that validation must have fallen by, once, to count as learned from."""
FEW: Final = 1.0
"""Log-odds where the training samples are known to be few."""
WRONG: Final = 1.5
"""Log-odds against it where there is more to learn by heart than from the inputs: then labels are wrong."""


def weigh(case: Case) -> float:
    """A validation loss that never fell, or lay far above from the start, speaks for another split."""
    if case.alike or case.few or case.by_heart:
        return FEW * case.few - WRONG * case.unlearned
    odds = -1.5 * (case.apart or case.sign("gap_early") > FAR) - WRONG * case.unlearned
    return odds - 2.5 * (case.figure("GEN203", "val_fell", 1.0) < NEVER_FELL)


def prescribe(case: Case) -> Prescription:
    """Early stopping and ten times the weight decay."""
    decay = scaled(case, "optimizer.weight_decay", 10.0, 0.01)
    changes = {"regularizers.early_stopping.patience": 3, "optimizer.weight_decay": min(decay or 0.01, 0.3)}
    return Prescription(
        patch(case, changes), {"weight_decay": 10.0},
        advice("early_stop", "keep the checkpoint with the best validation loss, stop soon after it, and regularize"),
        "safe", "the validation loss at the end is the best one seen",
        "validation loss turns up at the same step and as high as before",
    )  # fmt: skip
