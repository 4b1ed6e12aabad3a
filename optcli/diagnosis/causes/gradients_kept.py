"""Gradients are added up and never set back.

**What it is.** A backward pass adds to the gradients that are there. Where nothing clears them between two steps, each
step follows the sum of all gradients since the start: its direction is that of long ago, and its length grows with
every step.

**How to tell.** The gradient norm grows from the very first step on, at first in proportion to the number of steps, and
never comes back down (ARC502), whatever the loss does. With Adam the length of a step hides the growth, and the loss
falls for a while, turns and swings (OPT101, OPT102), since old gradients outvote new ones.

**How to tell from a rate too high.** There the norm leaps when the loss does. Here it grows while the loss still falls,
and at a tenth of the rate it grows just the same.

**What to do, in this order.** Call `optimizer.zero_grad()` once for every step, before the backward pass. See that the
optimizer holds the parameters of the model that is trained: an optimizer of other parameters clears theirs. With
accumulation, clear after the step and not after each part.

**Sources.** PyTorch documentation, Zeroing out gradients in PyTorch. Cao et al. 2022 (DeepFD), arXiv:2205.01938.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"ARC502": 0.5, "OPT104": -4.0}
PRIOR: Final = -3.0
PILES: Final = 8.0
"""Log-odds for a norm that grows from the first step on: nothing else does that."""


def weigh(case: Case) -> float:
    """How the gradient grew."""
    return PILES * (case.figure("ARC502", "piles", 0.0) > 0)


def prescribe(case: Case) -> Prescription:
    """A line of code; no setting."""
    words = "call `optimizer.zero_grad()` before every backward pass; the optimizer must hold this model's parameters"
    return Prescription(
        None, {}, {
            "any": words,
            "hf": "an overridden `training_step` or a callback must not keep gradients: the Trainer clears them itself",
            "lightning": "with manual optimization call `opt.zero_grad()` in `training_step`; else Lightning does it",
            "keras": "in a `train_step` of your own for PyTorch call `self.zero_grad()` first; `fit` does it itself",
        }, "likely", "the gradient norm no longer grows from step to step, and the loss falls on",
        "the gradient norm grows as before",
    )  # fmt: skip
