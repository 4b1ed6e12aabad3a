"""No training sample stands in the validation set.

Samples are compared byte for byte; of texts, passages of 64 tokens wherever they stand. Up to one sample in a thousand
is listed and tolerated, and up to a hundredth of a text; more makes the validation loss a training loss.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import numpy as np

from optcli.parts.datasets._leaks import copied
from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 35
TOLERATED: Final = 0.001
"""Share of the validation set."""
LISTED: Final = 5
PASSAGE: Final = 64
"""Tokens; about a line of characters."""


def check(bench: Bench) -> Result:
    """Hash every training input and look each validation input up."""
    splits = bench.splits
    if bench.recipe.facts.task == "language":
        return _texts(np.ravel(splits.train_x), np.ravel(splits.val_x))
    known: dict[bytes, int] = {}
    for number, row in enumerate(splits.train_x):
        known.setdefault(_hash(row), number)
    pairs = [(n, known[h]) for n, row in enumerate(splits.val_x) if (h := _hash(row)) in known]
    share = len(pairs) / max(1, len(splits.val_x))
    figures = {"shared": float(len(pairs)), "share": share}
    if not pairs:
        return Result("pass", f"none of {len(splits.val_x):,} validation samples is a training sample", figures=figures)
    listed = ", ".join(f"{v} = training {t}" for v, t in pairs[:LISTED]) + (" ..." if len(pairs) > LISTED else "")
    said = f"{len(pairs)} of {len(splits.val_x):,} validation samples are training samples ({listed})"
    if share > TOLERATED:
        return Result("fail", said, "remove duplicates before splitting, or split by group", figures)
    return Result("pass", said, figures=figures)


def _texts(train: Any, val: Any) -> Result:
    notes = copied(train, val, PASSAGE, "token")
    if notes:
        return Result("fail", notes[0], "keep whole documents in one part", {"shared": 1.0})
    return Result(
        "pass", f"no passage of {PASSAGE} tokens is in both parts, but for set phrases", figures={"shared": 0.0}
    )


def _hash(row: Any) -> bytes:
    return blake2b(np.ascontiguousarray(row).tobytes(), digest_size=16).digest()
