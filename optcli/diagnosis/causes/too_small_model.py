"""The model is too small for its task.

**What it is.** The best that this architecture can do on the training set is not good enough: the training loss slows
down and ends high, validation right beside it (GEN204). More steps and other rates change little.

**How to tell.** A wider or deeper model with the same recipe reaches a lower *training* loss. That is the only sure
sign, for a hard task, noisy labels, strong regularization and a rate too low all look alike from outside. Labels with
noise set a floor that no model passes without learning by heart.

**What to do, in this order.** First make sure that regularization is off and that the rate was searched; both are
cheaper. Then double the width; depth only with residual connections and normalization. Check the inputs: a feature
that isn't there can't be learned by any model.

**Sources.** Goodfellow, Bengio and Courville, Deep Learning, section 11.3. Godbole et al., Deep Learning Tuning
Playbook, 2023.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import patch
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.settings import setting

EVIDENCE: Final = {
    "GEN204": 1.5,
    "OPT105": 0.3,
    "OPT109": -3.0,
    "OPT103": -1.0,
    "GEN201": -3.0,
    "GEN203": -2.0,
    "OPT104": -2.0,
    "OPT101": -2.0,
    "OPT102": -2.0,
}
PRIOR: Final = -1.5
NARROW: Final = 4.0
"""Log-odds where its layers are known to have hardly any units."""
LEFT: Final = 0.88
NOTHING: Final = -2.0
"""Share of the start level that no net is too small to get below, and the log-odds where it didn't."""


def weigh(case: Case) -> float:
    """Slowing down, yet still falling; a fall that stops at once is regularization."""
    change = case.figure("GEN204", "change", 0.0)
    slowing = 1.0 if -0.25 < change < -0.05 else 0.0
    narrow = case.figure("GEN204", "narrow", 0.0) > 0
    return slowing + (NARROW if narrow else NOTHING * (case.figure("GEN204", "left") > LEFT))


def prescribe(case: Case) -> Prescription:
    """Twice the width, where it is known."""
    width = setting(case.config, "model.hidden")
    wider = [2 * int(w) for w in width] if isinstance(width, list | tuple) else None
    words = "double the width of the model; first make sure that regularization is off and the rate was searched"
    return Prescription(
        patch(case, {"model.hidden": wider}) if wider else None, {"width": 2.0},
        {"any": words, "hf": words, "lightning": words, "keras": words}, "guess",
        "the training loss ends clearly lower", "the wider model ends at the same training loss",
    )  # fmt: skip
