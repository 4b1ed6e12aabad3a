"""What a training step costs beside a hand-written loop: CPU time and Python calls, as ratios taken in one run.

    python scripts/bench_train.py [--rounds 5] [--epochs 40]

The workload is the 64-256-256-10 MLP on digits, batch 64, AdamW, one thread. The floor is the shortest honest loop:
data in memory, one permutation an epoch, slices, `torch.optim.AdamW(fused=True)`, nothing logged, nothing watched. The
tutorial loop is what most people write: a DataLoader, the default AdamW, `loss.item()` every step. `direct` is the
floor with the net and the step of `optcli train`: plain layers and the fused kernel without torch's wrappers round
them. `optcli` trains with everything on: journal of every step, gradient norms, update ratios, live diagnosis,
progress. Contenders take turns, each in a process of its own; the least CPU time a step of all rounds counts, since
other people's work only adds to it.
Last comes the wall time from the parsed recipe until the first optimizer step is done, torch being imported already.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import os
import pstats
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stderr
from pathlib import Path

RECIPE = """\
name: bench
data: {{name: digits, batch_size: 64}}
model: {{name: mlp, hidden: [256, 256]}}
optimizer: {{name: adamw, lr: 1e-3, weight_decay: 0.01}}
train: {{epochs: {epochs}, eval_every: {epochs} epochs, checkpoint_every: {epochs} epochs, threads: 1, device: cpu}}
"""


def data_and_model():
    import torch
    from torch import nn

    from optcli.parts.datasets import digits

    splits = digits.load(digits.Options(), 0)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    layers = [nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)]
    x = torch.from_numpy(splits.train_x).flatten(1)
    return nn.Sequential(*layers), x, torch.from_numpy(splits.train_y)


def floor(epochs: int) -> tuple[float, int]:
    """CPU microseconds a step, the first epoch left out, and the number of steps."""
    import torch

    model, x, y = data_and_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    steps, begin = 0, 0.0
    for epoch in range(epochs):
        if epoch == 1:
            begin, steps = time.process_time(), 0
        order = torch.randperm(len(x))
        xe, ye = x[order], y[order]
        for i in range(0, len(x) - 63, 64):
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(xe[i : i + 64]), ye[i : i + 64]).backward()
            optimizer.step()
            steps += 1
    return (time.process_time() - begin) / steps * 1e6, steps


def direct(epochs: int) -> tuple[float, int]:
    """The floor's loop with optcli's own net and step."""
    import torch

    from optcli.parts import find
    from optcli.parts.optimizers._direct import stepper
    from optcli.recipe import loads

    recipe = loads(RECIPE.format(epochs=epochs))
    _, x, y = data_and_model()
    model = find("model", "mlp").build(recipe.model.options, recipe.facts)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    optimizer.param_groups[0]["initial_lr"] = 1e-3
    step = stepper(optimizer)
    steps, begin = 0, 0.0
    for epoch in range(epochs):
        if epoch == 1:
            begin, steps = time.process_time(), 0
        order = torch.randperm(len(x))
        xe, ye = x[order], y[order]
        for i in range(0, len(x) - 63, 64):
            loss = torch.nn.functional.cross_entropy(model(xe[i : i + 64]), ye[i : i + 64])
            step(1.0, torch.autograd.grad(loss, step.params))
            steps += 1
    return (time.process_time() - begin) / steps * 1e6, steps


def tutorial(epochs: int) -> tuple[float, int]:
    """The same with a DataLoader, the default AdamW and `loss.item()`."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    model, x, y = data_and_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    steps, begin = 0, 0.0
    for epoch in range(epochs):
        if epoch == 1:
            begin, steps = time.process_time(), 0
        for xb, yb in DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True, drop_last=True):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            loss.item()
            steps += 1
    return (time.process_time() - begin) / steps * 1e6, steps


def optcli(epochs: int) -> tuple[float, int]:
    """The same by `optcli.train.session.train`, as summary.json tells it."""
    from optcli.recipe import loads
    from optcli.train.session import train

    with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()):
        summary = train(loads(RECIPE.format(epochs=epochs)), run_dir=Path(folder) / "run").summary
    return summary["cpu_us_per_step"], summary["steps"]


def start() -> float:
    """Milliseconds from the parsed recipe to the end of the first step, the first checkpoint included."""
    from optcli.recipe import loads
    from optcli.train.session import train
    from optcli.train.update import Update

    ends: list[float] = []
    step = Update.__call__

    def timed(self, *given):
        step(self, *given)
        ends.append(time.perf_counter())

    Update.__call__ = timed
    recipe = loads(RECIPE.format(epochs=1))
    with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()):
        begin = time.perf_counter()
        train(recipe, run_dir=Path(folder) / "run")
    return (ends[0] - begin) * 1e3


CONTENDERS = {"floor": floor, "tutorial": tutorial, "direct": direct, "optcli": optcli}


def calls(name: str, epochs: int) -> float:
    """Python calls a step, built-in functions included: a long run less a short one, so that set-up cancels."""
    CONTENDERS[name](2)  # imports and what only the first use costs
    counted = []
    for length in (epochs // 2, epochs):
        profile = cProfile.Profile()
        profile.enable()
        CONTENDERS[name](length)
        profile.disable()
        counted.append(pstats.Stats(profile).total_calls)
    steps = (epochs - epochs // 2) * (1437 // 64)
    return (counted[1] - counted[0]) / steps


def measure(name: str, epochs: int, what: str) -> float:
    """One contender in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--epochs", str(epochs), "--what", what]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--one", choices=list(CONTENDERS))
    parser.add_argument("--what", choices=["cpu", "calls", "start"], default="cpu")
    args = parser.parse_args()
    if args.one:
        name = args.one
        how = {
            "cpu": lambda: CONTENDERS[name](args.epochs)[0],
            "calls": lambda: calls(name, args.epochs),
            "start": start,
        }
        print(json.dumps(how[args.what]()))
        return
    least = {name: float("inf") for name in CONTENDERS}
    for _ in range(args.rounds):
        for name in CONTENDERS:
            least[name] = min(least[name], measure(name, args.epochs, "cpu"))
    print("| loop | CPU us/step | of the floor | Python calls/step |\n|---|---|---|---|")
    for name, us in least.items():
        print(f"| {name} | {us:.0f} | {us / least['floor']:.2f} | {measure(name, args.epochs, 'calls'):.0f} |")
    first = min(measure("optcli", 1, "start") for _ in range(args.rounds))
    print(f"\nfrom the parsed recipe to the end of the first step: {first:.0f} ms")


if __name__ == "__main__":
    main()
