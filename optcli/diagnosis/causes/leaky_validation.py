"""Validation doesn't measure what it should.

**What it is.** The number called validation is computed on the training batches, on data the model has been trained
on, or on nothing that changes (GEN206). Everything that is decided by it is decided blindly.

**How to tell.** Equal to the training loss at every step: the same tensor is logged twice. Constant while training
learns: a cached result, or another model's. Far better than training from the first epoch on, or as good as training
on a few samples that are learned by heart: copies of training samples in the validation set, or labels that leak into
the inputs.

**What it is not.** Validation somewhat *below* training is normal with dropout, augmentation, and a training loss
that is averaged over an epoch in which the model got better.

**What to do, in this order.** Hash the samples of both sets and intersect. Look at what the validation loop iterates
over and which model it calls. Shuffle the validation labels: the loss must rise to above chance.

**Sources.** Kaufman et al. 2012, doi:10.1145/2382577.2382579 (leakage). Barz and Denzler 2020, arXiv:1902.00423.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"GEN206": 4.0}
PRIOR: Final = -0.5


def prescribe(case: Case) -> Prescription:
    """A look at the split."""
    words = "intersect the hashes of both sets, and check which data and which model the validation loop uses"
    return Prescription(
        None, {}, {
            "any": words, "hf": f"{words}: `eval_dataset`",
            "lightning": f"{words}: `val_dataloader`, `validation_step`",
            "keras": f"{words}: `validation_data` in `fit`",
        }, "safe", "with shuffled validation labels the loss rises above chance", "it does so already",
    )  # fmt: skip
