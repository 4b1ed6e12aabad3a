"""What a planted fault did: a kind is only claimed where its test in `CLAIMS` holds on the measured figures.

A run whose planted kinds all fail is dropped, and so is one that was meant to be healthy and isn't.
"""

from __future__ import annotations

from collections.abc import Callable

from figures import Figures


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
    "val_shift": lambda f: f.logged_gap > max(0.2, f.margin),
    "exploding_gradients": lambda f: f.grads > 50 and f.grown > 10 and (harmed(f) or f.broken >= 0 or f.leap > 0.2),
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
