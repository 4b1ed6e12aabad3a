"""Inputs and targets are finite, and no feature has an absurd scale."""

from __future__ import annotations

from typing import Final

import numpy as np

from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 5
LARGEST: Final = 1e3
"""Inputs beyond this saturate or explode any usual initialization."""


def check(bench: Bench) -> Result:
    """Look at every value once."""
    largest = 0.0
    for name in ("train_x", "train_y", "val_x", "val_y"):
        values = getattr(bench.splits, name)
        if values.dtype.kind != "f":
            continue
        values = np.asarray(values)
        bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if bad.any():
            said = f"{int(bad.sum())} samples of {name} hold NaN or infinity, the first is sample {int(bad.argmax())}"
            return Result(
                "fail", said, "drop or repair them: one is enough to end a run", {"bad_samples": float(bad.sum())}
            )
        if name.endswith("_x"):
            largest = max(largest, float(np.abs(values).max(initial=0.0)))
    if largest > LARGEST:
        return Result(
            "fail",
            f"inputs reach {largest:.3g}",
            "scale the inputs, by mean and standard deviation for example",
            {"largest": largest},
        )
    return Result("pass", "all values are finite", figures={"largest_input": largest})
