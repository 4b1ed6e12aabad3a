"""Single batches do the damage.

**What it is.** A few batches hold what the rest doesn't: labels of another scale, corrupted files, sequences that
repeat one token, samples of a million pixels. Their gradient is many times the usual one (ARC502), the loss leaps
within a step (OPT108) and recovers, or the step throws the parameters so far that it doesn't (OPT102).

**How to tell.** The leap is sudden, after a long calm, while the rate did not change. With a fixed order it comes back
at the same place in every epoch; the same samples, fed alone, give a large loss from any state. When other samples do
it each time, the model stands near its limit of stability and the rate is the cause: large language models recover from
a spike by going back a hundred steps and skipping some batches, which then train fine later.

**What to do, in this order.** Write down the sample numbers of the batch at the leap and look at them. Clip the
gradient's norm at its usual level (its 90th percentile): one bad batch then costs one step. Use a loss that grows less
(Huber). Remove or repair the samples. With Adam a smaller beta2 (0.95) forgets a huge gradient sooner.

**Sources.** Pascanu et al. 2013, arXiv:1211.5063 (clipping). Chowdhery et al. 2022, arXiv:2204.02311 (spikes, skipped
batches). Kumar et al. 2025, arXiv:2504.02507 (ZClip).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, patch
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.strength import ABSURD

EVIDENCE: Final = {
    "OPT108": 2.5,
    "ARC502": 1.5,
    "OPT102": 1.5,
    "DAT404": 3.0,
    "NUM301": 0.2,
    "OPT101": -2.0,
    "DAT405": -2.5,
    "OPT104": -1.5,
}
PRIOR: Final = -1.0
RISE: Final = 1.5
RISING: Final = 1.05
UPHILL: Final = -1.5
"""Factor of the rate just before, by which it counts as still rising, and the log-odds of that: a warm-up that goes
through the limit needs no bad batch."""


RESTLESS: Final = -2.0
"""Log-odds where trouble began with the run."""


def weigh(case: Case) -> float:
    """Sudden, at an unchanged rate."""
    codes = [c for c in ("OPT108", "OPT102", "ARC502") if c in case.findings]
    if any(case.figure(code, "lr_ratio") > RISE for code in codes):
        return -3.0
    if case.figure("ARC502", "piles", 0.0) or case.figure("ARC502", "norm", 0.0):
        return -3.0
    if case.rate > ABSURD or case.ruined:
        return -3.0
    odds = UPHILL * any(case.figure(code, "lr_ratio") > RISING for code in codes) + RESTLESS * case.restless
    sudden = bool({"OPT108", "ARC502"} & set(codes))
    return odds + (0.5 if sudden else -1.0) + (1.0 if {"OPT108", "OPT102", "ARC502"} <= set(codes) else 0.0)


def prescribe(case: Case) -> Prescription:
    """Clip, and look at the batch."""
    return Prescription(
        patch(case, {"regularizers.clip_norm.max_norm": 1.0}), {},
        advice("clip", "clip the gradient's norm near its usual level and look at the samples of that batch"),
        "safe", "the leap is gone or costs a few steps only", "with clipping the loss leaps just as high",
    )  # fmt: skip
