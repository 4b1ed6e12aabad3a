"""The batch is too small for the learning rate.

**What it is.** A gradient from few samples points roughly the right way, with noise that shrinks as the square root
of the batch. A rate that suits 64 samples throws the parameters about with one: the loss hovers at the height where
noise and descent balance (OPT111, OPT101) and a lower rate or a larger batch lets it sink further at once.

**How to tell.** Losses of single batches scatter by a good part of everything gained, without a pattern. Average over
fifty and the level is flat. Validation, on a fixed set, tells whether the parameters shake too: if it is smooth, the
noise is in the measurement alone and harmless.

**What to do, in this order.** Let the rate decay: noise sinks with it. Enlarge the batch, or accumulate gradients,
up to the noise scale (gradient variance over squared gradient); beyond that samples are wasted. An exponential average
of the weights takes the noise out of the result for free. Batch norm needs at least 16 samples a device.

**Sources.** McCandlish et al. 2018, arXiv:1812.06162 (noise scale). Smith et al. 2018, arXiv:1711.00489 (batch or
rate). Polyak and Juditsky 1992, doi:10.1137/0330046 (averaging).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, scale_patch
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"OPT111": 4.0, "OPT101": 0.3, "OPT104": -1.5, "GEN204": -1.5, "OPT102": -0.5, "DAT405": -2.5}
PRIOR: Final = -1.0
SMALL: Final = 8
"""Samples below which a batch is small for most tasks."""


def weigh(case: Case) -> float:
    """The configured batch, where it is known."""
    batch = case.number("data.batch_size") or case.number("batch_size")
    if batch is None:
        return 0.0
    return 1.5 if batch < SMALL else -1.0


def prescribe(case: Case) -> Prescription:
    """Four times the batch."""
    return Prescription(
        scale_patch(case, "data.batch_size", 4.0), {"batch": 4.0},
        advice("batch", "enlarge the batch fourfold, or let the learning rate decay to a tenth"), "likely",
        "the level at the end is lower for the same number of samples", "the level at the end is the same",
    )  # fmt: skip
