"""What a planted fault did: measured against the control, which differs in the fault alone and has the same seed.

All losses here are honest ones: of clean samples, without dropout, whatever the log shows. Their unit is the control's
own fall, `D`. A kind is only claimed where its test in `CLAIMS` holds; a run whose planted kinds all fail is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
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
    ct, cv, ht, hv = (np.array(x, float) for x in (control.train, control.val, run.train, run.val))
    unit, v_unit = ct[0] - end(ct), cv[0] - end(cv)
    loss, other = loss_of(run), loss_of(control)
    wrong = ~np.isfinite(loss)
    broken = int(run.rows[int(wrong.argmax())]["step"]) if wrong.any() else -1
    ht, hv = (np.nan_to_num(np.minimum(x, 1e9 * abs(unit)), nan=1e9 * abs(unit)) for x in (ht, hv))
    start, fall = ht[0], max(1e-9, ht[0] - end(ht))
    late = np.diff(ht[len(ht) // 2 :])
    high, at = leap(loss)
    norms, median = column(run, "grad_norm"), float(np.median(column(control, "grad_norm")))
    ratio = lambda t: float(np.median(column(t, "grad_norm_first") / np.maximum(1e-30, column(t, "grad_norm_last"))))  # noqa: E731
    share, size = pattern(loss, run.per_epoch)
    logged = end(np.array([r["val_loss"] for r in run.vals])) if run.vals else end(hv)
    tail = slice(len(loss) // 4, None)
    step_noise = rough_steps(loss[tail]) / max(1e-30, rough_steps(other[len(other) // 4 :]))
    fifth = ht[-max(2, len(ht) // 5) - 1 :]
    return Figures(
        broken, max(LEAST, NOISES * noise), (end(ht) - end(ct)) / unit, (end(hv) - end(cv)) / v_unit,
        (start - end(ht)) / unit, (start - ht.min()) / unit, (end(ht) - ht.min()) / unit,
        float(np.median(ht[len(ht) // 2 - 1 : len(ht) // 2 + 2]) - end(ht)) / unit,
        float(np.median(fifth[:2]) - np.median(fifth[-2:])) / fall,
        (end(hv) - hv.min()) / v_unit, int(hv.argmin()) / max(1, len(hv) - 1), (end(hv) - end(ht)) / unit,
        rough(ht) / unit, rough(ct) / unit, (ht[len(ht) // 2 :].max() - start) / unit,
        float(np.mean(late[1:] * late[:-1] < 0)) if len(late) > 1 else 0.0,
        high / unit, at, high / max(1e-9, leap(other)[0], 5 * rough_steps(loss[:at])),
        (logged - end(hv)) / v_unit, copied(run) / v_unit if setup.leak == "copy" else 0.0,
        float(norms.max() / max(1e-30, median)), int(norms.argmax()), ratio(run), ratio(control),
        float(np.mean(norms > setup.clip)) if setup.clip else 0.0, share, size / unit, step_noise,
    )  # fmt: skip


def copied(trace: Trace) -> float:
    """Mean distance of the logged validation from the honest one."""
    logged = np.array([r["val_loss"] for r in trace.vals])
    return float(np.mean(np.abs(logged - np.array(trace.val[-len(logged) :]))))


def rough_steps(loss: np.ndarray) -> float:
    """Noise from step to step."""
    return float(np.median(np.abs(np.diff(loss)))) if len(loss) > 1 and np.isfinite(loss).all() else math.inf


def column(trace: Trace, name: str) -> np.ndarray:
    """A logged column; non-finite and missing values are zeros."""
    return np.nan_to_num(np.array([r.get(name, 0.0) for r in trace.rows], float), nan=0.0, posinf=1e30)


def harmed(f: Figures) -> bool:
    """Training itself came out worse, beyond what a seed does."""
    return f.train_worse > f.margin


CLAIMS: dict[str, Callable[[Figures], bool]] = {
    "nan": lambda f: f.broken >= 0,
    "divergence": lambda f: harmed(f) and (f.rise > 0.3 or (f.best < 0.04 and f.peak > 1)),
    "oscillation": lambda f: (
        harmed(f)
        and f.rise < 0.3
        and f.rough > max(0.025, 4 * f.control_rough)
        and f.turns > 0.4
        and f.best > 0.1
        and f.second_half < 0.2
    ),
    "stuck": lambda f: harmed(f) and f.best < 0.04 and f.peak < 1,
    "slow": lambda f: harmed(f) and 0.03 < f.progress < 0.65 and f.second_half > 0.25 * f.progress,
    "plateau": lambda f: f.train_worse > max(0.15, f.margin) and 0.1 < f.progress < 0.85 and abs(f.second_half) < 0.03,
    "undertrained": lambda f: harmed(f) and f.last_fifth > 0.08 and f.progress > 0.1,
    "overfitting": lambda f: (
        f.val_worse > f.margin and ((f.val_rise > max(0.05, f.margin) and f.best_at < 0.85) or f.gap > 0.25)
    ),
    "label_noise": lambda f: f.val_worse > f.margin,
    "underfitting": lambda f: harmed(f) and f.progress < 0.75 and f.gap < 0.1 and f.second_half < 0.15,
    "loss_spike": lambda f: f.leap > 0.2 and f.leap_noise > 4,
    "periodic": lambda f: f.place > 0.3 and f.place_size > 0.04,
    "schedule_ended_early": lambda f: harmed(f) and abs(f.second_half) < 0.03,
    "leakage": lambda f: f.logged_gap < -f.margin or f.copied > 0.02,
    "val_shift": lambda f: f.logged_gap > max(0.1, f.margin),
    "exploding_gradients": lambda f: f.grads > 50 and (harmed(f) or f.broken >= 0 or f.leap > 0.2),
    "vanishing_gradients": lambda f: harmed(f) and f.layers < 1e-3 and f.control_layers > 30 * f.layers,
    "batch_too_small": lambda f: harmed(f) and f.step_noise > 3 and f.best > 0.1 and f.second_half < 0.1,
    "clipping_active": lambda f: f.clipped > 0.95 and harmed(f),
}
"""Kind -> did it happen?"""

NEIGHBOURS = {
    "nan": "divergence exploding_gradients loss_spike oscillation plateau stuck",
    "divergence": "exploding_gradients loss_spike oscillation plateau stuck underfitting",
    "oscillation": "batch_too_small divergence loss_spike plateau stuck underfitting",
    "stuck": "plateau slow underfitting vanishing_gradients",
    "slow": "plateau underfitting undertrained vanishing_gradients",
    "plateau": "schedule_ended_early slow stuck underfitting undertrained",
    "undertrained": "slow underfitting",
    "overfitting": "label_noise undertrained val_shift",
    "label_noise": "overfitting plateau slow underfitting undertrained val_shift",
    "underfitting": "plateau slow stuck undertrained",
    "loss_spike": "divergence exploding_gradients oscillation",
    "periodic": "batch_too_small loss_spike oscillation plateau underfitting",
    "schedule_ended_early": "plateau slow stuck underfitting undertrained",
    "leakage": "overfitting undertrained",
    "val_shift": "label_noise leakage overfitting",
    "exploding_gradients": "divergence loss_spike nan oscillation plateau stuck underfitting",
    "vanishing_gradients": "plateau slow stuck underfitting",
    "batch_too_small": "loss_spike oscillation plateau underfitting",
    "clipping_active": "plateau slow stuck underfitting undertrained vanishing_gradients",
}
"""Kind -> what a careful reader wouldn't call wrong, though it isn't what was planted."""


PLAIN = (
    "divergence", "oscillation", "stuck", "slow", "plateau", "undertrained", "overfitting", "underfitting",
    "loss_spike", "periodic",
)  # fmt: skip
"""Kinds that may be acceptable without having been planted, since they say what the curve did and no reason."""
FIRST = ["nan", "divergence", "loss_spike", "stuck"]
"""Kinds that are the label where several happened, in this order; then in the order of the plan."""
BESIDE = {"exploding_gradients", "vanishing_gradients"}
"""Kinds that are labels beside another."""


def verdict(f: Figures, planted: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Labels that were planted and happened, and what is acceptable besides; no labels: drop the run."""
    found = [kind for kind in planted if CLAIMS[kind](f)]
    rest = [k for k in found if k not in BESIDE]
    main = next((k for k in FIRST if k in rest), rest[0] if rest else "")
    labels = [k for k in found if k in BESIDE or k == main]
    plain = f.broken < 0 and "overfitting" not in labels
    happened = [kind for kind in PLAIN if plain and CLAIMS[kind](f)]
    fine = {k for kind in labels for k in NEIGHBOURS[kind].split()} | set(happened) | set(planted) - {"nan"}
    return labels, sorted(fine - set(labels))


def healthy(f: Figures) -> tuple[str, list[str]]:
    """Why a run without fault can't be called healthy (empty: it can), and what may be said of it all the same."""
    doubts = {
        "not finite": f.broken >= 0,
        "worse than the control": f.train_worse > max(0.12, f.margin) or f.val_worse > max(0.15, f.margin),
        "validation rises": f.val_rise > max(0.05, f.margin),
        "gap": f.gap > 0.2,
        "still improving": f.last_fifth > 0.2,
        "swings": f.rough > 0.06,
    }
    soft = {
        "overfitting": f.val_rise > 0.025 or f.gap > 0.12,
        "undertrained": f.last_fifth > 0.05,
        "oscillation": f.rough > 0.03,
    }
    return ", ".join(k for k, true in doubts.items() if true), sorted(k for k, true in soft.items() if true)
