"""Arithmetic leaves the range of the numbers it is done in.

**What it is.** log(0), a division by a standard deviation of 0, the square root's slope at 0, exp of a large logit, a
row of a softmax that is masked out altogether, or a value above 65504 in 16-bit floats. One operation gives Inf or
NaN; from there it spreads to the loss (NUM301), the gradients (NUM302), and with the next step to every parameter.

**How to tell from a learning rate too high.** Instability of the arithmetic comes out of the blue: the loss and the
gradient's norm before it are ordinary, often it is the very first step, or always the same batch. A rate too high
announces itself: the loss climbs for several steps first. In mixed precision the loss scale that falls and falls
(NUM303) shows gradients that overflow at any scale. A log that filters NaN (NUM304) shows zeros instead. Where a run of
optcli finds the first NaN in a sample, the data are to blame and no rate.

**What to do, in this order.** Check the inputs: `isfinite` over every batch, standard deviations above 0, targets in
range. Find the place: `torch.autograd.set_detect_anomaly(True)` for a few steps names the operation. Write it in its
stable form: `log_softmax` instead of the log of a softmax, `logsumexp`, an epsilon inside log, sqrt and division, not
outside. Train in bfloat16 (the exponent range of float32) or keep norms, softmax and the loss in float32. Skipping the
bad step hides the fault and is right only when one sample in a million does it.

**Sources.** Goldberg 1991, doi:10.1145/103162.103163. Micikevicius et al. 2018, arXiv:1710.03740 (mixed precision).
Kalamkar et al. 2019, arXiv:1905.12322 (bfloat16).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, patch
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.settings import setting

EVIDENCE: Final = {
    "NUM301": 2.5,
    "NUM302": 3.0,
    "NUM303": 3.0,
    "NUM304": 3.0,
    "OPT102": -1.5,
    "ARC502": -0.5,
    "OPT101": -1.5,
}
PRIOR: Final = -0.5
BURST: Final = 2.0
"""Log-odds against it at a rate that explains it by itself."""
UNTRAINED: Final = 2.0
"""Log-odds where the very first loss is none already: no step was too large."""
SEEN: Final = 3.0
"""Log-odds where the first value that was no number was found, and it stood in the data."""


def weigh(case: Case) -> float:
    """Out of the blue, or after a climb?"""
    if case.bad_data:
        return SEEN
    odds = -1.5 * case.announced - 2.5 * case.broken_by_rate - BURST * case.bursting
    odds += UNTRAINED * (case.sign("untrained") > 0)
    return odds + (1.0 if case.figure("NUM301", "finite_before", 99.0) < 3 else 0.0)


def prescribe(case: Case) -> Prescription:
    """A wider format where the narrow one is in use; otherwise no setting helps before the operation is found."""
    if case.bad_data:
        words = (
            "the data hold NaN or infinity: remove or mend those samples, whose numbers the error and the journal tell"
        )
        return Prescription(
            None, {}, {"any": words}, "safe", "the loss stays finite past the step at which it broke",
            "it breaks at the same step without those samples",
        )  # fmt: skip
    half = setting(case.config, "train.precision") == "fp16"
    return Prescription(
        patch(case, {"train.precision": "bf16"}) if half else None,
        {}, advice("precision", "check inputs for NaN, find the operation by anomaly detection, use bfloat16"),
        "guess", "the loss stays finite past the step at which it broke",
        "it breaks at the same step in float32 with finite inputs",
    )  # fmt: skip
