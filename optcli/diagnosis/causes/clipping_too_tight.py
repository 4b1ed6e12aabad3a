"""Gradient clipping cuts every step.

**What it is.** Clipping is a safety belt for the few steps whose gradient is far too large. With a limit far below
the usual norm it acts on all of them (OPT110): every step has the same length, whatever the gradient says. With plain
SGD the learning rate is then smaller than written by the ratio of limit and norm; Adam, which divides by the size of
gradients anyway, hardly notices.

**How to tell.** Compare the limit with the gradient's norm before clipping. Its 90th percentile is a good limit; a
norm of ten times the limit at nearly every step is a brake.

**What it is not.** In warm-up, and in mixed precision where norms are logged before the loss scale is taken out,
large norms are normal.

**What to do, in this order.** Set the limit to the 90th percentile of the logged norms. Search the rate again
afterwards: it was chosen for shortened steps.

**Sources.** Pascanu et al. 2013, arXiv:1211.5063. Godbole et al., Deep Learning Tuning Playbook, 2023.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, patch
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"OPT102": -4.0, "ARC502": -3.0, "OPT110": 3.5, "OPT103": 0.8, "OPT104": 0.3}
PRIOR: Final = -1.5
SHORT: Final = 3.0
"""Log-odds for a sure fall at a twentieth and less of its first-order pace: something shortens every step."""


def weigh(case: Case) -> float:
    """A limit that is known, or steps that are far shorter than rate times gradient."""
    if "OPT110" in case.findings:
        return 0.0
    return SHORT if case.cut else -4.0


def prescribe(case: Case) -> Prescription:
    """The 90th percentile of the norms as the limit."""
    limit = float(f"{case.figure('OPT110', 'p90', 1.0):.2g}")
    return Prescription(
        patch(case, {"regularizers.clip_norm.max_norm": limit}), {},
        advice("clip", f"raise the clipping limit to the 90th percentile of the gradient's norm, {limit:g}"), "likely",
        "the loss falls several times as fast", "the loss is as slow with the higher limit",
    )  # fmt: skip
