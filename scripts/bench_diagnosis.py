"""CPU time of the whole ladder of rungs with all rules, on made-up runs: `python scripts/bench_diagnosis.py`.

Bars: 560 points 30 ms, 10,000 points 150 ms. CPU time, the minimum of several rounds; run it with OMP_NUM_THREADS=1.
"""

import sys
import time

import numpy as np

from optcli.diagnosis import engine
from optcli.run.curve import Curve, Run, read_only

BARS = {560: 30.0, 10_000: 150.0, 100_000: 1500.0}
"""Points -> milliseconds."""


def made_up(points: int, kind: str) -> Run:
    """A run with every curve that rules look at; `kind` says what is wrong with it."""
    rng = np.random.default_rng(0)
    step = np.arange(points, dtype=float)
    share = step / points
    loss = 0.2 + 2.1 * np.exp(-8 * share) + 0.03 * rng.normal(size=points)
    if kind == "diverged":
        loss = np.where(share > 0.5, 3.0 + 0.1 * rng.normal(size=points), loss)
    if kind == "stuck":
        loss = 2.3 + 0.01 * rng.normal(size=points)
    epochs = np.arange(0, points, max(1, points // 20), dtype=float)[1:]
    columns = {
        "train/loss": (step, loss),
        "lr": (step, 1e-3 * (0.5 + 0.5 * np.cos(np.pi * share))),
        "grad_norm": (step, 1 + 0.2 * np.abs(rng.normal(size=points))),
        "step_time": (step, 0.2 + 0.01 * rng.normal(size=points)),
        "data_time": (step, 0.02 + 0.001 * rng.normal(size=points)),
        "memory": (step, 1000 + rng.normal(size=points)),
        **{f"grad_norm/{i}.weight": (step[::20], 0.1 + 0.01 * rng.random(len(step[::20]))) for i in range(8)},
        "train/accuracy": (step, 1 - 0.9 * np.exp(-8 * share)),
        "val/loss": (epochs, np.interp(epochs, step, loss) + 0.05),
        "val/accuracy": (epochs, 1 - np.exp(-epochs / points)),
    }
    curves = {role: Curve(role, read_only(s), read_only(v)) for role, (s, v) in columns.items()}
    return Run(kind, "made-up", curves, planned=points, end="finished", epoch_steps=read_only(epochs))


def milliseconds(run: Run, rounds: int = 5) -> float:
    """The least CPU time of a diagnosis."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        engine.diagnose(run)
        times.append(time.process_time() - begin)
    return 1000 * min(times)


def main() -> int:
    """Print one line a run; 1 when a bar is missed."""
    missed = 0
    for points, bar in BARS.items():
        for kind in ("healthy", "diverged", "stuck"):
            took = milliseconds(made_up(points, kind))
            missed += took > bar
            print(f"{points:7d} points  {kind:9s} {took:8.1f} ms  bar {bar:g} ms")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
