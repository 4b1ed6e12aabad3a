"""What a run did, in figures, against the control, which differs in the fault alone and has the same seed.

All losses but those of the log are honest ones: of clean samples, without dropout, whatever the log shows. Their unit
is the control's own fall.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from loop import Trace
from setups import Setup

LEAST = 0.06
"""Of D: harm below is no fault that a user must hear of."""
NOISES = 3.0
"""Standard deviations between seeds that harm must exceed."""


@dataclass(frozen=True)
class Figures:
    """Of a run against its control; in units of the control's fall unless said."""

    broken: int
    """First step whose training loss is no number; -1: none."""
    margin: float
    train_worse: float
    val_worse: float
    progress: float
    """Own fall of the training loss."""
    best: float
    """The same at its best."""
    rise: float
    """Training loss at the end above its best."""
    second_half: float
    """Fall of the second half."""
    last_fifth: float
    """Fall of the last fifth, as a share of the own fall."""
    val_rise: float
    """Validation loss at the end above its best."""
    best_at: float
    """Where validation was best, as a share of the run."""
    gap: float
    rough: float
    control_rough: float
    peak: float
    """Highest training loss of the second half above the start."""
    turns: float
    """Share of the honest training losses of the second half that turn back."""
    leap: float
    """Highest leap of the logged loss over the ten steps before."""
    leap_at: int
    leap_noise: float
    """The same, in the control's largest or in five of its own usual steps, whichever is more."""
    logged_gap: float
    """Logged above honest validation; negative: too good."""
    copied: float
    """Mean distance of logged and honest validation, where the training loss is logged as validation."""
    grads: float
    """Largest gradient norm in medians of the control's."""
    grads_at: int
    grown: float
    """The same in medians of its own first ten steps."""
    layers: float
    """Gradient of the first layer over that of the last, median."""
    control_layers: float
    clipped: float
    place: float
    """Share of the variance of the logged loss within epochs that the place in the epoch explains, beyond chance."""
    place_size: float
    """Deviation of that pattern."""
    step_noise: float
    """Noise from step to step of the logged loss, in the control's."""


def rough(v: np.ndarray) -> float:
    """Median distance of a point from the middle of its neighbours, in the later half."""
    v = v[len(v) // 2 :]
    return float(np.median(np.abs(v[1:-1] - (v[2:] + v[:-2]) / 2))) if len(v) > 2 else 0.0


def end(v: np.ndarray) -> float:
    """Level of the last three points."""
    return float(np.median(v[-3:]))


def loss_of(trace: Trace) -> np.ndarray:
    """The training loss of every step."""
    return np.array([r["train_loss"] for r in trace.rows])


def leap(loss: np.ndarray) -> tuple[float, int]:
    """Largest excess over the highest of the ten steps before, after the first tenth of the run, and its step."""
    first = max(10, len(loss) // 10)
    if len(loss) <= first:
        return 0.0, 0
    before = np.lib.stride_tricks.sliding_window_view(loss, 10).max(1)
    over = loss[first:] - before[first - 10 : len(loss) - 10]
    over = np.where(np.isfinite(over), over, -np.inf)
    return float(over.max()), first + int(over.argmax())


def pattern(loss: np.ndarray, period: int) -> tuple[float, float]:
    """Share of the variance within epochs that the place explains, beyond chance, and the pattern's deviation."""
    epochs = len(loss) // max(1, period)
    if period < 6 or epochs < 3:
        return 0.0, 0.0
    grid = loss[: epochs * period].reshape(epochs, period)[epochs // 4 :]
    grid = grid - grid.mean(1, keepdims=True)
    middle = grid.mean(0)
    share = float(middle.var() / max(1e-30, grid.var()))
    return share - (1 - share) / max(1, len(grid) - 1), float(middle.std())


def measure(run: Trace, control: Trace, noise: float, setup: Setup) -> Figures:
    """All figures; `noise` is the standard deviation of the control's end between seeds, in its own fall."""
    ct, cv = np.array(control.train), np.array(control.val)
    units = ct[0] - end(ct), cv[0] - end(cv)
    wrong = ~np.isfinite(loss_of(run))
    return Figures(
        broken=int(run.rows[int(wrong.argmax())]["step"]) if wrong.any() else -1,
        margin=max(LEAST, NOISES * noise),
        **from_honest(finite(run.train, units[0]), finite(run.val, units[0]), ct, cv, units),
        **from_log(run, control, setup, units),
        **from_gradients(run, control, setup),
    )


def finite(values: list[float], unit: float) -> np.ndarray:
    """What is no number, or beyond all measure, is 1e9 units."""
    most = 1e9 * abs(unit)
    return np.nan_to_num(np.minimum(np.array(values, float), most), nan=most)


def from_honest(
    ht: np.ndarray, hv: np.ndarray, ct: np.ndarray, cv: np.ndarray, units: tuple[float, float]
) -> dict[str, float]:
    """Figures of the losses on clean samples, training and validation, of the run and its control."""
    unit, v_unit = units
    start, half, fifth = ht[0], len(ht) // 2, ht[-max(2, len(ht) // 5) - 1 :]
    late = np.diff(ht[half:])
    return {
        "train_worse": (end(ht) - end(ct)) / unit,
        "val_worse": (end(hv) - end(cv)) / v_unit,
        "progress": (start - end(ht)) / unit,
        "best": (start - ht.min()) / unit,
        "rise": (end(ht) - ht.min()) / unit,
        "second_half": (np.median(ht[max(0, half - 1) : half + 2]) - end(ht)) / unit,
        "last_fifth": (np.median(fifth[:2]) - np.median(fifth[-2:])) / max(1e-9, start - end(ht)),
        "val_rise": (end(hv) - hv.min()) / v_unit,
        "best_at": int(hv.argmin()) / max(1, len(hv) - 1),
        "gap": (end(hv) - end(ht)) / unit,
        "rough": rough(ht) / unit,
        "control_rough": rough(ct) / unit,
        "peak": (ht[half:].max() - start) / unit,
        "turns": np.mean(late[1:] * late[:-1] < 0) if len(late) > 1 else 0.0,
    }


def from_log(run: Trace, control: Trace, setup: Setup, units: tuple[float, float]) -> dict[str, float]:
    """Figures of the losses as they are logged, of every step."""
    loss, other = loss_of(run), loss_of(control)
    high, at = leap(loss)
    share, size = pattern(loss, run.per_epoch)
    logged, honest = np.array([r["val_loss"] for r in run.vals]), np.array(run.val)
    off = logged - honest[-len(logged) :] if len(logged) else np.zeros(1)
    noise, usual = (rough_steps(x[len(x) // 4 :]) for x in (loss, other))
    return {
        "leap": high / units[0],
        "leap_at": at,
        "leap_noise": high / max(1e-9, leap(other)[0], 5 * rough_steps(loss[:at])),
        "logged_gap": end(off) / units[1],
        "copied": np.mean(np.abs(off)) / units[1] if setup.leak == "copy" else 0.0,
        "place": share,
        "place_size": size / units[0],
        "step_noise": noise / max(1e-30, usual),
    }


def from_gradients(run: Trace, control: Trace, setup: Setup) -> dict[str, float]:
    """Figures of the gradient's norms."""
    norms, usual = column(run, "grad_norm"), np.median(column(control, "grad_norm"))
    layers = [
        np.median(column(t, "grad_norm_first") / np.maximum(1e-30, column(t, "grad_norm_last"))) for t in (run, control)
    ]
    return {
        "grads": norms.max() / max(1e-30, usual),
        "grads_at": int(norms.argmax()),
        "grown": norms.max() / max(1e-30, np.median(norms[:10])),
        "layers": layers[0],
        "control_layers": layers[1],
        "clipped": np.mean(norms > setup.clip) if setup.clip else 0.0,
    }


def rough_steps(loss: np.ndarray) -> float:
    """Noise from step to step."""
    return float(np.median(np.abs(np.diff(loss)))) if len(loss) > 1 and np.isfinite(loss).all() else math.inf


def column(trace: Trace, name: str) -> np.ndarray:
    """A logged column; non-finite and missing values are zeros."""
    return np.nan_to_num(np.array([r.get(name, 0.0) for r in trace.rows], float), nan=0.0, posinf=1e30)
