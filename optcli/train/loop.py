"""The training loop. Read this first.

`build` makes the `Training`; `fit` runs it. A step is device work only; everything that looks at numbers happens when a
window closes: every 100 steps, after a second, or when something is due. What a checkpoint must hold is in `state`,
and nothing else has a memory, so a run can go on anywhere exactly as if it had not been interrupted.
"""

from __future__ import annotations

from optcli.train import milestones
from optcli.train.training import Ending, Training


def fit(t: Training) -> Ending:
    """Train from where `t.position` stands until the plan's end, or until something says stop; returns what did.

    Steps count optimizer steps taken; the 0-based number of the step being taken is `step`.
    """
    milestones.reach(t)  # what an interrupted run still owes
    while t.ending is None:
        for step, batches in t.batches.stream(t.position.step, t.agenda.total):
            factor = t.rates(step)  # of the base learning rate: a pure function of the step
            t.update(step, batches, factor)  # forward, backward, gate, optimizer; nothing is read back
            t.position.step = step + 1
            if not t.window.closes(step + 1, factor):
                continue

            milestones.record(t)  # journal and live diagnosis; may end the run, or take it back to a checkpoint
            if t.position.step == step + 1 and t.ending is None:
                milestones.reach(t)  # evaluate and save, if due
            if t.position.step != step + 1 or t.ending is not None:
                break
    milestones.close(t)
    return t.ending
