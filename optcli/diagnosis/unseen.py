"""A validation loss without a training loss beside it: what its rise means."""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.diagnosis.view import View
from optcli.run.stats import median

POINTS: Final = 5
SINCE: Final = 3
"""Validations that are needed, and since the best one."""
WORSE: Final = 0.1
SIGMAS: Final = 4.0
"""Rise over the best level, as a share of it and in noise levels of a block."""
AT_ONCE: Final = 0.4
"""Share of the rise that one step may bring: a run that diverges leaps, one that learns by heart creeps."""


def creeping(view: View) -> tuple[float, float, float] | None:
    """Best level, level now and step of the best of a validation loss that creeps up; None for anything else, or where
    the training loss is known."""
    loss = view.loss
    if not loss.name.startswith(("val/", "test/")) or loss.n < POINTS:
        return None
    blocks = loss.blocks
    best = int(np.argmin(blocks))
    since = len(blocks) - 1 - best
    if since < max(SINCE, 0.1 * len(blocks)):
        return None
    low, now = float(blocks[best]), median(blocks[-max(2, since // 3) :])
    if now - low < max(WORSE * abs(low), SIGMAS * loss.tau):
        return None
    if float(np.diff(blocks[best:]).max()) > AT_ONCE * (float(blocks[best:].max()) - low):
        return None
    return low, now, float(loss.block_step[best])
