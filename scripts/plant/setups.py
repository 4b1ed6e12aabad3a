"""One small training: what the user wrote, and what goes wrong without their knowledge."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Setup:
    """A training; the fields up to `kl` are what a recipe shows, the others a bug, a bad sample or an event."""

    task: str
    seed: int = 0
    optimizer: str = "adam"
    lr: float = 1e-3
    batch: int = 64
    steps: int = 400
    schedule: str = "constant"
    weight_decay: float = 0.0
    dropout: float = 0.0
    smoothing: float = 0.0
    clip: float = 0.0
    n_train: int = 0
    """Training samples; 0: all that the task has."""
    width: int = 32
    depth: int = 2
    bend: str = "relu"
    kl: float = 0.0
    """Weight of the divergence of a variational autoencoder, reached after 40 % of the steps."""
    validations: int = 24
    val_n: int = 0
    """Samples of the logged validation; 0: all."""
    # What the recipe doesn't show.
    shuffle: bool = True
    init: float = 1.0
    """Factor on all initial weights; 0: all are zero."""
    train_only: str = "all"
    """`all`, `last` (only the last layer is given to the optimizer) or `none` (the graph is detached)."""
    label_noise: float = 0.0
    heavy: float = 0.0
    """Scale of Student-t noise (2 degrees of freedom) on regression targets."""
    val_shift: float = 0.0
    leak: str = ""
    """`rows`: validation samples are training samples; `copy`: the training loss is logged as validation."""
    bad_at: tuple[float, ...] = ()
    """Shares of the run at which a batch is corrupted, `bad` times."""
    bad: float = 0.0
    nan_at: float = -1.0
    nan: str = ""
    """`sample`, `log0` or `sqrt0`."""
    jump_at: float = -1.0
    jump: float = 1.0
    """The rate is multiplied from there on, by mistake."""
    ascend_at: float = -1.0
    """The sign of the loss is wrong from there on."""
    keep_gradients: bool = False
    end_at: float = -1.0
    """The schedule has come to `end_rate` of the rate by then."""
    end_rate: float = 0.0
    cut: float = 1.0
    """Share of the steps after which the run was stopped."""
    resume_at: float = -1.0
    """There the run falls back by a tenth of its steps, to a checkpoint, once."""
    harder_at: float = -1.0
    """From there on training samples are noisy (a curriculum)."""

    def key(self) -> str:
        """A name that changes with any field."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


SHOWN = [f.name for f in fields(Setup)][: [f.name for f in fields(Setup)].index("validations")]
"""The fields that a recipe shows."""
