"""Inputs, targets or first weights are far too large.

**What it is.** Pixels from 0 to 255, money in cents, weights drawn with a variance that doesn't shrink with the width:
the first outputs are hundreds, the loss begins far above what a guess earns (NUM305), and gradients are as large
(ARC502). The first steps do nothing but take that back. Often a part of it stays: units that are dead or saturated
from then on, and a model that ends well above a properly scaled one.

**How to tell from a rate too high.** There the run begins as it should, and leaps within some steps. Here the very
first loss or gradient is huge, before the rate has done anything, and may be no number any more a step later; at a
tenth of the rate it is just as large.

**What to do, in this order.** Scale inputs to mean 0 and standard deviation 1 with figures of the training part, and
targets of a regression as well. Compare the first loss with a guess's: ln(k) for k classes, the variance of the targets
for squares. Draw weights by a rule that knows the width (Kaiming for ReLU, Xavier for tanh), and set the last layer's
to small ones. A norm layer behind the input hides the fault and mends most of it.

**Sources.** LeCun et al. 1998, doi:10.1007/3-540-49430-8_2 (scaling of inputs). He et al. 2015, arXiv:1502.01852 (first
weights). Karpathy, A Recipe for Training Neural Networks, 2019 (verify the loss at initialization).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import patch
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.settings import setting
from optcli.diagnosis.strength import WILD

EVIDENCE: Final = {"ARC502": 1.6, "NUM305": 1.5, "NUM301": 0.3, "OPT102": 0.3, "OPT104": 0.1}
PRIOR: Final = -3.0
HUGE: Final = 3.5
"""Log-odds for gradients of hundreds from the first step on."""
TWICE: Final = -3.0
"""The same where a softmax too many explains the start."""
IMMENSE: Final = 1e4
STANDS: Final = 6.0
"""A loss that no scaled targets give, and the log-odds where one so large doesn't fall: steps of a usual rate are too
small for it. Otherwise nothing learned speaks against it."""
GROWS: Final = 6.0
"""The same for a loss that begins beyond any guess's and grows from there, or is a number no more."""


def weigh(case: Case) -> float:
    """Huge from the first step, and not a softmax too many."""
    odds = HUGE * (case.figure("ARC502", "norm", 0.0) > 0) + TWICE * (case.figure("NUM305", "twice", 0.0) > 0)
    if "OPT104" in case.findings:
        odds += STANDS if case.sign("start") > IMMENSE and not case.figure("OPT104", "frozen", 0.0) else -1.0
    born = case.sign("born_huge") > 0 and "NUM301" in case.findings and case.rate <= WILD
    return odds + GROWS * (case.oversized or born)


def prescribe(case: Case) -> Prescription:
    """Scaled inputs; Kaiming's first weights where the recipe's model has the choice."""
    words = (
        "scale inputs and targets to mean 0 and standard deviation 1, and draw the first weights by Kaiming or Xavier"
    )
    chosen = setting(case.config, "model.init") is not None
    return Prescription(
        patch(case, {"model.init": "kaiming"}) if chosen else None, {}, {
            "any": words,
            "hf": f"{words}; see what the processor does to `pixel_values` or other inputs",
            "lightning": f"{words}, in the `LightningDataModule`",
            "keras": f"{words}: a `Normalization` layer that is adapted to the training data",
        }, "likely", "the first loss is that of a guess and the first gradients are of the order of 1",
        "the first gradients are as large with inputs of standard deviation 1",
    )  # fmt: skip
