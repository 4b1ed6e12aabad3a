"""Something is kept at every step and never let go.

**What it is.** A tensor that still hangs on its graph is added to a list or a sum: `losses.append(loss)`,
`total += loss`. The graph of each step stays in memory with it, so that memory grows by the same amount a step
(SYS604). Lists of predictions for a metric over the whole epoch, hooks that are added again and again, figures that are
never closed, and loggers that keep their history do the same. What is looped over at each step also makes steps longer
and longer (SYS612).

**How to tell.** Memory by step is a straight line that doesn't bend. Take a snapshot of the memory at two steps and
compare what is new; `gc.get_objects()` counted by type shows tensors that multiply. On the host, `tracemalloc` names
the lines. Without growth of memory, steps that slow down point to the disk, to heat (the device's clock rate), or to
a file that is read from its start each time.

**What it is not.** Memory that levels off, of caches and allocators. A peak that grows now and then because a larger
batch came by.

**What to do, in this order.** Detach what is kept: `loss.item()`, or `loss.detach()` where a wait for the device at
each step is too dear. Compute metrics as running sums. Close figures and remove hooks. As a last resort restart the
process from a checkpoint now and then.

**Sources.** PyTorch documentation, Frequently Asked Questions (don't accumulate history) and Understanding CUDA Memory
Usage. Python documentation, tracemalloc.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"SYS604": 4.0, "SYS612": 2.5}
PRIOR: Final = -0.5


def prescribe(case: Case) -> Prescription:
    """A look at what is kept; no setting."""
    words = "keep plain numbers and not tensors between steps, and compare what is in memory at two steps"
    return Prescription(
        None, {}, {
            "any": words,
            "hf": f"{words}; `eval_accumulation_steps` moves predictions to the host, `preprocess_logits_for_metrics` "
            "shrinks them",
            "lightning": f"{words}; return a detached loss from `training_step` and use torchmetrics' running sums",
            "keras": f"{words}; look at what callbacks append in `on_train_batch_end`",
        }, "likely", "memory and step time stay level after the start",
        "they grow as fast in a loop that keeps nothing but the model",
    )  # fmt: skip
