"""The net's output is not what the loss expects.

**What it is.** Losses have opinions about their input. Cross-entropy in PyTorch takes logits and applies the softmax
itself; with another softmax in the net the outputs lie between 0 and 1, and the loss can't fall below
ln(1 + (k - 1)/e), 1.46 for ten classes, however right the answers are (NUM305). Sigmoid before a loss `with logits`,
probabilities where log-probabilities are expected, a loss on logits that expects probabilities, and shapes (n, 1) and
(n,) that broadcast to a matrix belong here too. So do targets in other units than the output.

**How to tell.** Compute the loss of one batch by hand, from the outputs and the textbook formula. At the start it must
be about ln(k); with perfect outputs, logits of 100 for the right class, it must be 0. Print the smallest and largest
output: between 0 and 1 means that something squeezed them.

**What it is not.** Label smoothing raises the floor as well, to 0.5 for ten classes and a tenth. A high loss at the
very start that is gone after a few steps is an initialization with outputs that are too large: harmless, if a waste.

**What to do, in this order.** Take the softmax or sigmoid out of the net and leave it to the loss; apply it where
probabilities are wanted. Compare shapes of output and target before the loss. Divide targets by their deviation. Begin
the last layer with small weights and the bias at the mean of the target.

**Sources.** PyTorch documentation, CrossEntropyLoss and BCEWithLogitsLoss. Humbatova et al. 2020, arXiv:1910.11015.
Karpathy, A Recipe for Training Neural Networks, 2019.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"NUM305": 4.0}
PRIOR: Final = -0.5


def weigh(case: Case) -> float:
    """Softmax applied twice is certain; a high start may be the initialization alone."""
    return 0.0 if case.figure("NUM305", "twice", 0.0) else -2.5


def prescribe(case: Case) -> Prescription:
    """A line of code, no setting."""
    words = "give the loss what it expects: logits, without a softmax or sigmoid in the net"
    return Prescription(
        None, {}, {
            "any": words,
            "hf": f"{words}; return raw `logits` from the model",
            "lightning": f"{words}; `F.cross_entropy` takes logits, `F.nll_loss` takes log-probabilities",
            "keras": f"{words}: `from_logits=True`, or keep the softmax and `from_logits=False`",
        }, "likely", "with nearly all answers right the loss falls towards 0",
        "the outputs are logits already, and one batch's loss is what the formula gives",
    )  # fmt: skip
