"""The schedule ended before the run did.

**What it is.** The learning rate came down to nothing while many steps were still to go (OPT109). From there on the
parameters stand still and the rest of the run is wasted; the loss lies flat at a level that was only on the way
(OPT105). Nearly always a mix-up of units: a schedule counted in epochs is stepped every batch, its length was that of
one epoch, or it was computed before the number of devices or the accumulation was known.

**How to tell.** In the log of the rate: below a thousandth of its peak for more than a tenth of the run. In the loss:
an abrupt bend into a flat line, where a curve that has learned all it can bends gently. The gradient's norm stays as
large as before, so there was more to learn.

**What to do.** Give the schedule the run's number of optimizer steps and step it once per optimizer step. After a
resume restore its state. A floor of 1 to 10 % of the peak makes the mistake less costly.

**Sources.** PyTorch documentation, How to adjust learning rate. Loshchilov and Hutter 2017, arXiv:1608.03983.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import advice, patch
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"OPT109": 5.0, "OPT105": 0.8, "OPT104": 0.1, "OPT102": -1.0}
PRIOR: Final = -1.0
IDLE: Final = 5.0
"""Log-odds where nothing is learned at a rate that went to 0; as much against it at any other."""
SPENT: Final = 0.02
"""Share of the peak below which a rate on a plateau does little."""


def weigh(case: Case) -> float:
    """A plateau at a rate that is spent."""
    if case.idle:
        return IDLE
    left = case.figure("OPT105", "lr_left")
    alone = "OPT109" not in case.findings and "OPT105" not in case.findings
    return 1.5 if left < SPENT else -IDLE if alone else 0.0


def prescribe(case: Case) -> Prescription:
    """A schedule that spans the run."""
    return Prescription(
        patch(case, {"schedule.name": "cosine", "schedule.warmup": "5%"}), {},
        advice("schedule", "make the schedule as long as the run, counted in optimizer steps"), "safe",
        "the loss goes on falling where it lay flat", "the loss is flat there at a rate of a tenth of the peak, too",
    )  # fmt: skip
