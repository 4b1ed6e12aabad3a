"""Judge runs whose curves hold anything: 1e-320 to 1e308, leaps, ties, gaps, NaN. No rule, cause or sign may raise.

    python scripts/fuzz_rules.py [--runs 6000] [--seed 0]

Prints each kind of error with the seed of its first run, and exits 1 if there was any.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from typing import Any

import numpy as np

from optcli.diagnosis import engine
from optcli.run.curve import Curve, Floats, Run

ROLES = (
    "train/loss", "val/loss", "test/loss", "train/accuracy", "val/accuracy", "val/f1", "lr", "grad_norm", "loss_scale",
    "step_time", "throughput", "memory", "update_ratio", "grad_norm/0.weight", "grad_norm/1.weight", "dead/0",
    "discriminator/loss", "clipped",
)  # fmt: skip
POINTS = (1, 2, 3, 5, 8, 12, 20, 30, 60, 200)
ENDS = ("finished", "stopped", "running", "unknown")


def values(random: np.random.Generator, n: int) -> Floats:
    """Values of shape (n,) of one of nine kinds."""
    level = 10.0 ** (random.uniform(-320, 308) if random.random() < 0.5 else random.uniform(-3, 4))
    at = np.arange(n)
    made = (
        lambda: level * random.normal(size=n),
        lambda: level * np.exp(-at / max(1, n / 5)),
        lambda: np.full(n, level),
        lambda: 10.0 ** random.uniform(-320, 308, size=n),
        lambda: level * np.abs(random.normal(size=n)) * np.where(at == n // 2, 10.0 ** random.uniform(-5, 300), 1),
        lambda: random.integers(0, 3, size=n) * level,
        lambda: level * np.cumsum(random.normal(size=n)),
        lambda: level * np.exp(random.normal(size=n)) * np.where(at > n // 2, 10.0 ** random.uniform(-8, 200), 1),
        lambda: random.random(n),
    )[random.integers(9)]()
    if random.random() < 0.2:
        made[random.random(n) < random.choice([0.1, 1.0])] = random.choice([np.nan, np.inf, -np.inf])
    return made


def curve(random: np.random.Generator, role: str, n: int) -> Curve:
    """A curve of at most n points."""
    count = n if random.random() < 0.5 else max(1, n // int(random.integers(1, 6)))
    step = np.unique(np.linspace(0, n - 1, count).round()) * 10.0 ** random.integers(0, 4)
    if random.random() < 0.3:
        step = np.sort(random.choice(n * 3, size=count, replace=False)).astype(float)
    return Curve(role, step, values(random, len(step)))


def config(random: np.random.Generator) -> dict[str, Any]:
    """What may be known of a run, or nothing."""
    known = {
        "facts.task": str(random.choice(["classification", "regression", "language"])),
        "facts.outputs": int(random.choice([1, 2, 10, 50_000])),
        "facts.target_variance": float(10.0 ** random.uniform(-300, 300)),
        "optimizer.lr": float(10.0 ** random.uniform(-10, 5)),
        "optimizer.name": "adam",
    }
    return known if random.random() < 0.5 else {}


def a_run(seed: int) -> Run:
    """One run; the same for the same seed."""
    random = np.random.default_rng(seed)
    n = int(random.choice(POINTS))
    with np.errstate(all="ignore"):
        curves = {
            role: curve(random, role, n) for role in ROLES if random.random() < (0.9 if role == ROLES[0] else 0.4)
        }
    epochs = np.linspace(0, n, 4).round() if random.random() < 0.4 else np.empty(0)
    return Run(
        f"seed {seed}", "made", curves, {role: role for role in curves}, 2 * n if random.random() < 0.5 else None,
        str(random.choice(ENDS)), epochs, (n / 2,) if random.random() < 0.1 else (), config(random),
        axis=str(random.choice(["step", "epoch"])),
    )  # type: ignore[arg-type]  # fmt: skip


def problems(seeds: range) -> dict[str, int]:
    """What was raised, and where -> the first seed with which it was."""
    found: dict[str, int] = {}
    for seed in seeds:
        try:
            engine.diagnose(a_run(seed))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            found.setdefault(f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})", seed)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = problems(range(asked.seed, asked.seed + asked.runs))
    for what, seed in found.items():
        print(f"seed {seed}: {what}")
    print(f"{asked.runs} runs, {len(found)} kinds of errors")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
