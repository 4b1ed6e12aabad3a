"""What of a run is written down, and how."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from loop import Row, Trace

DIGITS = 5


@dataclass(frozen=True)
class Style:
    """A way of logging."""

    every: int = 1
    """Steps between two points; 0: one an epoch, the mean over it."""
    how: str = "point"
    """`point`, `mean` of the steps since the last, or `smooth` (exponential average, 0.9)."""
    columns: str = ""
    validate: bool = True


STYLES = {
    "full": Style(1, "point", "epoch lr grad_norm train_acc val_acc"),
    "lean": Style(1, "point", "", False),
    "bare": Style(1, "point", "epoch lr"),
    "ten": Style(10, "mean", "epoch lr"),
    "five": Style(5, "point", "lr grad_norm", False),
    "sampled": Style(10, "point", "epoch grad_norm train_acc val_acc"),
    "smooth": Style(2, "smooth", "lr"),
    "epoch": Style(0, "mean", "epoch train_acc val_acc"),
    "epoch_plain": Style(0, "mean", "epoch lr"),
    "epoch_lone": Style(0, "mean", "epoch", False),
    "layers": Style(1, "point", "epoch lr grad_norm grad_norm_first grad_norm_last"),
}
NEEDS = {
    "periodic": "full bare",
    "loss_spike": "full lean bare layers",
    "exploding_gradients": "full layers",
    "vanishing_gradients": "layers",
    "clipping_active": "full layers",
    "schedule_ended_early": "full bare ten smooth epoch_plain layers",
    "batch_too_small": "full lean bare sampled",
    "oscillation": "full bare ten sampled smooth epoch epoch_plain",
    "divergence": "full bare lean ten sampled five epoch",
    "overfitting": "full bare ten sampled smooth epoch epoch_plain",
    "label_noise": "full bare ten sampled smooth epoch epoch_plain",
    "underfitting": "full bare ten sampled smooth epoch epoch_plain epoch_lone",
    "val_shift": "full bare ten sampled smooth epoch epoch_plain",
    "leakage": "full bare ten sampled epoch epoch_plain",
}
"""Kind -> styles in which its symptom can be seen; others: any but `layers`."""
ANY = [name for name in STYLES if name != "layers"]


def points(trace: Trace, style: Style) -> int:
    """How many training points the style gives."""
    return len(trace.rows) // (style.every or trace.per_epoch)


def written(trace: Trace, style: Style) -> list[Row]:
    """The rows of the log, training and validation in order of time."""
    every, out, window = style.every or trace.per_epoch, [], []
    level, vals = math.nan, list(trace.vals)
    for number, row in enumerate(trace.rows):
        window.append(row)
        level = row["train_loss"] if math.isnan(level) else 0.9 * level + 0.1 * row["train_loss"]
        last = number + 1 == len(trace.rows)
        if (number + 1) % every == 0 or (number == 0 and style.every > 1) or (last and style.every > 1):
            out.append(shown(window, level, style))
            window = []
        while vals and vals[0]["step"] <= row["step"] and (last or trace.rows[number + 1]["step"] > row["step"]):
            found = vals.pop(0)
            if style.validate:
                out.append(kept(found, style))
    return out


def shown(window: list[Row], level: float, style: Style) -> Row:
    """One training point."""
    row = dict(window[-1])
    if style.how == "mean":
        row |= {k: float(np.mean([r[k] for r in window])) for k in row if k not in ("step", "epoch", "lr")}
    if style.how == "smooth":
        row["train_loss"] = level
    return kept(row, style)


def kept(row: Row, style: Style) -> Row:
    """The columns of the style, rounded."""
    keep = {"step", "train_loss", "val_loss", *style.columns.split()}
    return {k: float(f"{v:.{DIGITS}g}") if isinstance(v, float) else v for k, v in row.items() if k in keep}


def lines(rows: list[Row]) -> str:
    """JSON, an object a line, non-finite numbers as Python's own json writes them."""
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def text(value: Any) -> str:
    """A small JSON file."""
    return json.dumps(value, indent=1) + "\n"
