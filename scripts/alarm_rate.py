"""How often does the diagnosis cry wolf? `python scripts/alarm_rate.py [--runs 2000] [--seed 0] [--jobs 1]`.

Draws healthy runs at random: shape of the fall, floor, length, noise of many kinds, logging, schedule and validation
are all drawn, so that no threshold can lean on one picture of a healthy curve. Prints the share of runs with an error
or a warning with its 95 % interval, and which rule alarmed at which family. Made-up curves are no substitute for real
runs (`scripts/score.py`), but there are as many of them as a rate of one in a hundred needs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from score import interval

from optcli.diagnosis import engine
from optcli.run.curve import Curve, Run, read_only

Array = Any
Curves = dict[str, tuple[Array, Array]]


def fall(rng: np.random.Generator, n: int) -> Array:
    """A level that falls from a start towards a floor: exponential, power law, or both; shape (n,)."""
    start = float(np.exp(rng.uniform(-1, 2.5)))
    floor = start * float(rng.choice([rng.uniform(0, 0.1), rng.uniform(0.1, 0.5)]))
    at = np.arange(n)
    pace = n * rng.uniform(0.02, 0.35)
    kind = rng.integers(3)
    slow = (1 + at / (0.1 * pace)) ** -rng.uniform(0.3, 0.8)
    fast = np.exp(-at / pace)
    shape = (fast, slow, 0.5 * (fast + slow))[kind]
    return floor + (start - floor) * shape


def noisy(rng: np.random.Generator, level: Array) -> Array:
    """The level as batches of some size show it: additive, proportional, skewed or heavy-tailed noise."""
    n, size = len(level), float(np.exp(rng.uniform(np.log(0.003), np.log(0.4))))
    drop = level[0] - level[-1]
    kind = rng.integers(4)
    if kind == 0:
        return level + 0.3 * size * drop * rng.normal(size=n)
    if kind == 1:
        return level * np.exp(size * rng.normal(size=n))
    if kind == 2:
        shape = 1 / size**2
        return level * rng.gamma(shape, 1 / shape, size=n)
    return level + 0.1 * size * drop * rng.standard_t(3, size=n)


def smoothed(values: Array, width: float) -> Array:
    """Exponential average as trackers draw it."""
    out = np.array(values)
    for i in range(1, len(out)):
        out[i] = out[i - 1] + (values[i] - out[i - 1]) / width
    return out


def validated(rng: np.random.Generator, level: Array, curves: Curves) -> None:
    """Add validation losses at regular steps: the level, shifted, with the noise of a finite set."""
    n = len(level)
    every = max(1, n // int(rng.integers(3, 60)))
    step = np.arange(every - 1, n, every)
    drop = level[0] - level[-1]
    noise = drop * float(np.exp(rng.uniform(np.log(0.001), np.log(0.02))))
    value = level[step] * rng.uniform(0.9, 1.05) + rng.uniform(0, 0.05) * drop + noise * rng.normal(size=len(step))
    curves["val/loss"] = step, value


def plain(rng: np.random.Generator, n: int) -> Curves:
    """Batches of any noise, sometimes validated."""
    level = fall(rng, n)
    curves: Curves = {"train/loss": (np.arange(n), noisy(rng, level))}
    if rng.random() < 0.6:
        validated(rng, level, curves)
    return curves


def averaged(rng: np.random.Generator, n: int) -> Curves:
    """A log that was smoothed before it was written."""
    curves = plain(rng, n)
    step, value = curves["train/loss"]
    return {**curves, "train/loss": (step, smoothed(value, rng.uniform(3, 40)))}


def by_epoch(rng: np.random.Generator, n: int) -> Curves:
    """One point an epoch, training and validation."""
    n = int(rng.integers(4, 120))
    level = fall(rng, n)
    drop = level[0] - level[-1]
    step = (np.arange(n) + 1) * int(rng.integers(5, 500))
    train = level + 0.01 * drop * rng.uniform(0.1, 1.5) * rng.normal(size=n)
    val = level * rng.uniform(0.9, 1.1) + 0.02 * drop * rng.uniform(0.1, 1.2) * rng.normal(size=n)
    return {"train/loss": (step, train), "val/loss": (step, val)}


def dropped(rng: np.random.Generator, n: int) -> Curves:
    """A rate that drops in steps, each of which lets the loss fall a little further; the rate is logged or not."""
    level = fall(rng, n)
    lr = np.ones(n)
    for place in sorted(rng.uniform(0.3, 0.9, size=rng.integers(1, 4))):
        cut = int(place * n)
        lr[cut:] *= 0.1
        level[cut:] -= 0.1 * (level[cut] - 0.5 * level[-1]) * (1 - np.exp(-np.arange(n - cut) / (0.01 * n + 1)))
    curves: Curves = {"train/loss": (np.arange(n), noisy(rng, level))}
    validated(rng, level, curves)
    return {**curves, "lr": (np.arange(n), 1e-3 * lr)} if rng.random() < 0.7 else curves


def warmed(rng: np.random.Generator, n: int) -> Curves:
    """A warm-up with a flat or rising start, then a cosine or a linear decay."""
    warm = max(2, int(n * rng.uniform(0.01, 0.15)))
    at = np.arange(n)
    rest = np.clip((at - warm) / max(1, n - warm), 0, 1)
    lr = np.minimum((at + 1) / warm, 1) * (0.5 * (1 + np.cos(np.pi * rest)) if rng.random() < 0.5 else 1 - rest)
    done = np.cumsum(lr) / lr.sum()
    level = 0.2 + 2.1 * np.exp(-done / rng.uniform(0.05, 0.3))
    curves: Curves = {"train/loss": (at, noisy(rng, level)), "lr": (at, 1e-3 * lr)}
    if rng.random() < 0.5:
        validated(rng, level, curves)
    return curves


def restarted(rng: np.random.Generator, n: int) -> Curves:
    """Warm restarts: each lifts the loss and ends lower."""
    level, cycles = fall(rng, n), int(rng.integers(2, 6))
    phase = (np.arange(n) * cycles / n) % 1
    lift = 0.1 * (level[0] - level[-1]) * np.exp(-phase / 0.2) * (np.arange(n) * cycles >= n)
    lr = 0.5 * (1 + np.cos(np.pi * phase))
    return {"train/loss": (np.arange(n), noisy(rng, level + lift)), "lr": (np.arange(n), 1e-3 * lr + 1e-6)}


def stairs(rng: np.random.Generator, n: int) -> Curves:
    """A large model that learns its samples by heart: the training loss falls from epoch to epoch."""
    epochs = int(rng.integers(2, 5))
    epoch = np.arange(n) * epochs // n
    level = rng.uniform(1, 3) * (1 - rng.uniform(0.02, 0.06) * epoch) + 0.3 * np.exp(-np.arange(n) / (0.05 * n))
    seen = np.linspace(0, n, 20 * epochs + 1)[1:].astype(int) - 1
    held = level[0] * rng.uniform(0.85, 0.95) + 0.1 * np.exp(-seen / (0.1 * n)) + 0.005 * rng.normal(size=len(seen))
    train = level + 0.05 * rng.uniform(0.2, 2) * rng.normal(size=n)
    return {"train/loss": (np.arange(n), train), "val/loss": (seen, held)}


def ragged(rng: np.random.Generator, n: int) -> Curves:
    """At the edge of stability: swings that shrink while the level falls."""
    level = fall(rng, n)
    swing = rng.uniform(0.02, 0.15) * (level - level[-1]) * np.abs(np.sin(np.arange(n) / rng.uniform(1, 8)))
    return {"train/loss": (np.arange(n), noisy(rng, level + swing))}


def tuned(rng: np.random.Generator, n: int) -> Curves:
    """Fine-tuning: little to gain, much noise."""
    level = 1 + rng.uniform(0.1, 0.4) * np.exp(-np.arange(n) / (n * rng.uniform(0.05, 0.3)))
    curves: Curves = {"train/loss": (np.arange(n), level * np.exp(rng.uniform(0.01, 0.25) * rng.normal(size=n)))}
    validated(rng, level, curves)
    return curves


def classes(rng: np.random.Generator, n: int) -> Curves:
    """Classification, easy or hard, with accuracies; by step or by epoch."""
    outputs = int(rng.choice([2, 3, 10, 100]))
    chance = float(np.log(outputs))
    floor = chance * rng.uniform(0.01, 0.45)
    by_epoch = rng.random() < 0.5
    if by_epoch:
        n = int(rng.integers(10, 120))
    at = np.arange(n) + by_epoch * rng.uniform(0.5, 1)
    pace = n * rng.uniform(0.02, 0.25)
    fast, slow = np.exp(-at / pace), (1 + at / (0.1 * pace)) ** -rng.uniform(0.4, 0.8)
    level = floor + (chance * rng.uniform(1, 1.1) - floor) * (fast if rng.random() < 0.5 else slow)
    right = np.clip(1 - level / chance * (1 - 1 / outputs), 1 / outputs, 1)
    step = np.arange(n) * (int(rng.integers(10, 500)) if by_epoch else 1)
    train = level * np.exp(0.01 * rng.normal(size=n)) if by_epoch else noisy(rng, level)
    seen = np.arange(n) if by_epoch else np.arange(max(1, n // 30) - 1, n, max(1, n // 30))
    held = level[seen] * rng.uniform(0.95, 1.1) + 0.01 * chance * rng.normal(size=len(seen))
    accuracy = np.clip(right[seen] + 0.01 * rng.normal(size=len(seen)), 0, 1)
    hits = np.clip(right + (0.01 if by_epoch else 0.06) * rng.normal(size=n), 0, 1)
    return {
        "train/loss": (step, train), "train/accuracy": (step, hits),
        "val/loss": (step[seen], held), "val/accuracy": (step[seen], accuracy),
    }  # fmt: skip


def negative(rng: np.random.Generator, n: int) -> Curves:
    """A log-likelihood or another loss below 0."""
    below = rng.uniform(1, 8)
    return {role: (step, value - below) for role, (step, value) in plain(rng, n).items()}


def late(rng: np.random.Generator, n: int) -> Curves:
    """A flat stretch, then the fall."""
    at = np.arange(n)
    level = 0.2 + 2.1 / (1 + np.exp((at - n * rng.uniform(0.05, 0.25)) / (n * rng.uniform(0.01, 0.04))))
    return {"train/loss": (at, level * np.exp(rng.uniform(0.002, 0.03) * rng.normal(size=n)))}


FAMILIES: tuple[Callable[[np.random.Generator, int], Curves], ...] = (
    plain, averaged, by_epoch, dropped, warmed, restarted, stairs, ragged, tuned, classes, negative, late,
)  # fmt: skip


def draw(seed: int, number: int) -> tuple[str, Run]:
    """Run `number` of a campaign: its family, and the run. The plan is known to half of them."""
    rng = np.random.default_rng([seed, number])
    family = FAMILIES[number % len(FAMILIES)]
    n = int(np.exp(rng.uniform(np.log(60), np.log(4000))))
    curves = {role: Curve(role, read_only(step), read_only(value)) for role, (step, value) in family(rng, n).items()}
    last = max(float(curve.step[-1]) for curve in curves.values())
    planned = int(last) + 1 if rng.random() < 0.5 else None
    return family.__name__, Run(f"{family.__name__}-{number}", "none", curves, planned=planned, end="finished")


def judge(number: int, seed: int) -> tuple[str, int, list[str]]:
    """Family, number and the codes of errors and warnings of one run."""
    family, run = draw(seed, number)
    found = engine.diagnose(run).findings
    return family, number, sorted({f.code for f in found if f.severity != "info"})


def main() -> int:
    """Draw, diagnose, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    with ProcessPoolExecutor(given.jobs) as pool:
        rows = list(pool.map(partial(judge, seed=given.seed), range(given.runs), chunksize=50))
    alarms = [row for row in rows if row[2]]
    low, high = interval(len(alarms), len(rows))
    print(f"{len(alarms)} of {len(rows)} healthy runs alarmed: {len(alarms) / len(rows):.1%} ({low:.1%} to {high:.1%})")
    counts = Counter((family, code) for family, _, codes in alarms for code in codes)
    for (family, code), count in counts.most_common():
        numbers = [str(number) for name, number, codes in alarms if name == family and code in codes]
        print(f"  {family:10s} {code}  {count:4d}  such as {', '.join(numbers[:6])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
