"""How long a step takes, whatever of it the log tells."""

from __future__ import annotations

from optcli.diagnosis.view import LOSS, View
from optcli.run.prepare import Series, pace_by_clock


def pace(view: View) -> Series | None:
    """Seconds a step: as logged, else 1 / throughput (in its own unit), else from the headline's clock."""
    logged, rate, head = view.series("step_time"), view.series("throughput"), view.curve(LOSS)
    if logged is not None:
        return logged
    if rate is not None and (rate.value > 0).all():
        return Series(rate.name, rate.step, 1 / rate.value)
    return pace_by_clock(head) if head is not None else None
