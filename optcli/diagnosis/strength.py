"""Settings that are far from what is usual: they say of a curve what it can't say by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from optcli.diagnosis.settings import number, setting

DROPOUT: Final = 0.8
"""Share of units left out from which on too few are left (Srivastava et al. 2014: a half, at the input a fifth)."""
DECAY: Final = 0.1
"""Weight decay in the gradient from which on it outweighs the loss: a thousandth and less is usual."""
DECOUPLED: Final = 1.0
"""The same where the rate scales it and it bypasses the gradient (AdamW, Lion): 0.01 to 0.3 are usual."""
APART: Final = frozenset(("adamw", "lion", "nadamw", "muon", "schedule_free_adamw", "adamw_8bit", "adamw_torch"))
"""Optimizers that decay so."""


def held_back(config: Mapping[str, Any]) -> str:
    """What a configuration holds the model back by, far beyond the usual, in words; nothing where it doesn't."""
    dropout, decay = number(config, "regularizers.dropout.rate"), number(config, "optimizer.weight_decay")
    name = str(setting(config, "optimizer.name")).lower()
    found = [f"a dropout of {dropout:g}"] if dropout is not None and DROPOUT <= dropout <= 1 else []
    if decay is not None and decay >= (DECOUPLED if name in APART else DECAY):
        found.append(f"a weight decay of {decay:g}")
    return " and ".join(found)
