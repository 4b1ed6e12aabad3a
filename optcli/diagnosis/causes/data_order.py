"""The order of the data is not random.

**What it is.** Stochastic gradients are unbiased only when batches are random draws. Data in the order of the file,
sorted by class, by length or by time, makes each batch a sample of something else: the model learns one class, forgets
it while it sees the next, and the loss repeats the same pattern in every epoch (DAT405).

**How to tell.** Fold the loss at the length of an epoch: the patterns lie on top of each other. A batch of one class
shows a training accuracy that jumps between 0 and 1. Validation is worse than the training loss lets expect.

**What is harmless.** Adam leaves a small sawtooth with the period of an epoch even in shuffled data. Large language
models show stairs at the seams of epochs: a sign of learning by heart, not of order. A last batch that is shorter
makes one noisier point.

**What to do.** Shuffle before every epoch, over the whole set and not over a buffer of a few thousand samples. For
data that streams, shuffle the files and then within a large buffer. Sort by length within large random pools only.

**Sources.** Bottou 2009, Curiously fast convergence of some stochastic gradient descent algorithms. Gürbüzbalaban et
al. 2021, arXiv:1510.08560 (random reshuffling).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"DAT405": 4.0}
PRIOR: Final = -0.5


def prescribe(case: Case) -> Prescription:
    """Shuffle; optcli's own trainer always does."""
    return Prescription(
        None, {}, advice("shuffle", "shuffle the training data before every epoch"), "safe",
        "the pattern within the epoch is gone and the loss ends lower", "the pattern stays with shuffled data",
    )  # fmt: skip
