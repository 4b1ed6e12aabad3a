"""Loading and preparing the data takes longer than training on it.

**What it is.** Batches are read, decoded and augmented more slowly than the model uses them up, so that each step
begins with waiting (SYS601). More epochs, another rate or another model change nothing about it; a faster device makes
the share of waiting larger.

**How to tell.** Train on one batch over and over: when steps become as much shorter as the waiting was long, the
loader is the limit. Then time the parts of one sample: reading, decoding, augmenting, collating. Look at the cores: all
busy means too much work for each sample, all idle means a disk or a network, or no workers at all.

**What it is not.** A pause at the start of each epoch alone: workers that are started anew. Copies to the device that
wait for the step before look like loading where the device works asynchronously; synchronize before timing.

**What to do, in this order.** Use worker processes, about one for each core that is free, and keep them alive between
epochs. Pin memory and let several batches be fetched ahead. Decode or resize once and store the result; a cache in
memory, if it fits, ends the matter. Move augmentation to the device. Pack many small files into few large ones.

**Sources.** Mohan et al. 2021, arXiv:2007.06775 (data stalls). PyTorch documentation, Performance Tuning Guide.
TensorFlow documentation, Better performance with the tf.data API.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"SYS601": 4.0}
PRIOR: Final = -0.5


def prescribe(case: Case) -> Prescription:
    """More hands; optcli's own trainer holds its data in memory and has none to add."""
    words = "load with several worker processes that live on, fetch ahead, and cache what is decoded"
    return Prescription(
        None, {}, {
            "any": words,
            "hf": f"{words}: `dataloader_num_workers`, `dataloader_persistent_workers`, `dataloader_prefetch_factor`",
            "lightning": f"{words}: the DataLoader's `num_workers`, `persistent_workers=True`, `pin_memory=True`",
            "keras": f"{words}: `Dataset.map(num_parallel_calls=AUTOTUNE).cache().prefetch(AUTOTUNE)`",
        }, "safe", "steps become shorter by most of the time that was spent waiting",
        "with one batch in memory, trained on again and again, steps take as long",
    )  # fmt: skip
