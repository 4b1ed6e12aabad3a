"""The run was too short.

**What it is.** Nothing is wrong but the end: the loss was still falling steeply when training stopped (OPT106), and
validation with it. Not every fall at the end counts. A loss falls a little for as long as you train; here the last
fifth of the run brought a large part of everything that was gained.

**How to tell from a learning rate too low.** After a rate too low the curve is a straight line from the start on and
has got nowhere (OPT103). Here it has come a good way and is in its steep part. Some tasks begin with a flat stretch
before the fall; a run that ends within the fall is too short whatever the rate. A net that starts from nothing and has
seen its samples eight times or less has had no chance yet; one that has seen them more than a dozen times, at an eighth
of the usual rate, has had it.

**What to do.** Train half as long again or twice as long, and stretch the schedule with it: a rate that has already
decayed to nothing gains little from more steps. When the budget is fixed, a schedule that comes down to 0 within it
gives most of the gain of a longer run. Compare by validation, and judge at equal total steps.

**Sources.** Hoffmann et al. 2022, arXiv:2203.15556 (the decay must fit the run's length). Hägele et al. 2024,
arXiv:2405.18392 (constant rate with a cool-down).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, scale_patch
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"OPT106": 3.0, "OPT103": -2.5, "OPT104": -2.0, "GEN201": -2.0, "OPT109": -3.0}
PRIOR: Final = -1.0
YOUNG: Final = 2.5
BRIEF: Final = 2.0
"""Log-odds where the samples have been seen a few times only."""
MANY: Final = 12
LOW: Final = -0.9
SLOW: Final = -2.0
"""Passes over the samples, and decades below the usual rate, from which steps are not what lacks, and the log-odds."""
FASTER: Final = 1.4
"""Pace late over pace early: a fall that speeds up by this much has only just begun."""


def weigh(case: Case) -> float:
    """A fall that speeds up, where steps have their full length."""
    faster = case.figure("OPT103", "late_over_early") > FASTER
    slow = case.sign("epochs") > MANY and case.rate < LOW
    return YOUNG * (faster and "OPT106" in case.findings) + BRIEF * case.brief - YOUNG * case.cut + SLOW * slow


def prescribe(case: Case) -> Prescription:
    """Twice the steps, the schedule with them."""
    path = "train.steps" if case.number("train.steps") else "train.epochs"
    return Prescription(
        scale_patch(case, path, 2.0), {"epochs": 2.0},
        advice("epochs", "train twice as long, with the schedule stretched to the new length"), "safe",
        "the final validation loss is clearly lower", "the second half of the longer run brings nothing",
    )  # fmt: skip
