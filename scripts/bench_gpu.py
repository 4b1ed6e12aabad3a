"""What a training step costs on a GPU beside hand-written loops: wall time and memory, as ratios taken in one run.

    python scripts/bench_gpu.py [--only cnn] [--rounds 2] [--steps 1000]

The floor is the shortest honest loop on the same device: data already there, one permutation an epoch, slices, fused
AdamW, nothing logged, nothing read back. The tutorial loop is what most people write: a DataLoader, the default AdamW,
`loss.item()` every step. Both take the data and the model of the recipe. `optcli` trains with everything on: journal of
every step, gradient norms, update ratios, live diagnosis. Contenders take turns in one process; the device is waited
for before the clock is read at both ends, and the fastest of all rounds counts. Memory is the allocator's highest.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, redirect_stderr
from pathlib import Path
from typing import Any

import torch

from optcli.recipe import loads
from optcli.train.build import Built, build
from optcli.train.inputs import host, ready
from optcli.train.lazy import Lazy
from optcli.train.session import train
from optcli.train.signals import Signals
from optcli.train.update import Update
from optcli.train.world import World

RECIPE = """
name: bench
data: {name: digits, batch_size: 64}
model: {name: mlp, hidden: [256, 256]}
loss: cross_entropy
optimizer: {name: adamw, lr: 1e-3, weight_decay: 0.01}
train: {steps: 10, device: cuda, cuda_graphs: false, compile: off}
"""
CNN = ["data={name: fashion, batch_size: 512}", "model={name: cnn, channels: [64, 128, 256], norm: batch}"]
GPT = [
    "data={name: shakespeare, context: 256, batch_size: 32}", "metrics=[bits_per_char]",
    "model={name: gpt, layers: 6, heads: 6, width: 384}",
]  # fmt: skip
SMALL = [
    "data={name: shakespeare, context: 64, batch_size: 16}", "metrics=[bits_per_char]",
    "model={name: gpt, layers: 4, heads: 4, width: 128}",
]  # fmt: skip
BF16, TF32, LAST = "train.precision=bf16", "train.precision=tf32", "train.channels_last=true"
FIRST, GRAPHS, COMPILE = "train.channels_last=false", "train.cuda_graphs=true", "train.compile=on"
WORKLOADS: dict[str, tuple[list[str], dict[str, list[str]]]] = {
    "mlp": ([], {"optcli": [], "optcli, graphs": [GRAPHS], "optcli, auto": ["train.cuda_graphs=auto"]}),
    "cnn": (CNN, {
        "optcli": [FIRST], "tf32": [FIRST, TF32], "bf16": [FIRST, BF16], "bf16, channels last": [BF16, LAST],
        "fp16, channels last": ["train.precision=fp16", LAST], "bf16, channels last, graphs": [BF16, LAST, GRAPHS],
        "bf16, channels last, compiled": [BF16, LAST, COMPILE],
    }),
    "small gpt": (SMALL, {
        "optcli": [], "graphs": [GRAPHS], "compiled": [COMPILE], "bf16": [BF16], "bf16, graphs": [BF16, GRAPHS],
    }),
    "gpt": (GPT, {
        "optcli": [], "tf32": [TF32], "bf16": [BF16], "bf16, graphs": [BF16, GRAPHS], "bf16, compiled": [BF16, COMPILE],
        "bf16, checkpointing": [BF16, "train.activation_checkpointing=true"],
        "bf16, in backward": [BF16, "train.optimizer_in_backward=true"],
        "bf16, offload": [BF16, "train.offload=optimizer"],
        "bf16, accumulate 4": [BF16, "data.batch_size=8", "train.accumulate=4"],
    }),
}  # fmt: skip
Measured = tuple[float, float]
"""Microseconds a step, MiB at the highest."""


class Clock:
    """Wall time between two steps, both of them done by the device."""

    def __init__(self, begin: int, end: int) -> None:
        self._at, self._seen = (begin, end), list[float]()
        self._steps = end - begin

    def __call__(self, done: int) -> None:
        if done == self._at[0]:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            self._seen.append(time.perf_counter())
        elif done == self._at[1]:
            torch.cuda.synchronize()
            self._seen.append(time.perf_counter())

    @property
    def measured(self) -> Measured:
        begin, end = self._seen
        return (end - begin) / self._steps * 1e6, torch.cuda.max_memory_allocated() / 2**20


def recipe_of(changes: list[str], steps: int) -> Any:
    end = [f"train.{key}={steps}" for key in ("steps", "eval_every", "checkpoint_every")]
    return loads(RECIPE, overrides=[*changes, *end])


def hand_written(changes: list[str], steps: int, batches: Callable[[Built], Iterator[Any]], **adamw: Any) -> Measured:
    """A loop on the recipe's model and data; `adamw` without `fused` reads the loss each step too."""
    recipe = recipe_of(changes, steps)
    clock = Clock(steps // 5, steps)
    with World("cuda", recipe.train.precision) as world:
        built = build(recipe, world, Signals())
        model, loss_of = built.objective.bare, built.objective.loss
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, **adamw)
        context = world.autocast() if recipe.train.precision == "bf16" else nullcontext()
        for done in range(1, steps + 1):
            if done == 1:
                source = batches(built)
            x, y = next(source)
            optimizer.zero_grad(set_to_none=True)
            with context:
                loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
            if not adamw:
                loss.item()
            clock(done)
    return clock.measured


def whole(array: Any) -> Any:
    found = host(array)
    return found.read() if isinstance(found, Lazy) else found


def on_device(built: Built) -> Iterator[Any]:
    x, y = (whole(a).cuda() for a in (built.splits.train_x, built.splits.train_y))
    size = built.batches.batch_size
    while True:
        order = torch.randperm(len(x), device="cuda")
        xe, ye = ready(x[order]), ready(y[order])
        for i in range(0, len(x) - size + 1, size):
            yield xe[i : i + size], ye[i : i + size]


def loaded(built: Built) -> Iterator[Any]:
    from torch.utils.data import DataLoader, TensorDataset

    data = TensorDataset(whole(built.splits.train_x), whole(built.splits.train_y))
    while True:
        for x, y in DataLoader(data, built.batches.batch_size, shuffle=True, drop_last=True, pin_memory=True):
            yield ready(x.cuda()), ready(y.cuda())


def optcli(changes: list[str], steps: int) -> Measured:
    """A whole training, journal and live diagnosis included."""
    clock, step = Clock(steps // 5, steps), Update.__call__

    def timed(self: Update, number: int, *given: Any) -> None:
        step(self, number, *given)
        clock(number + 1)

    Update.__call__ = timed  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()) as said:
            outcome = train(recipe_of(changes, steps), run_dir=Path(folder) / "run")
        if outcome.ending.status != "finished":
            raise SystemExit(said.getvalue())
    finally:
        Update.__call__ = step  # type: ignore[method-assign]
    return clock.measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--only", choices=list(WORKLOADS))
    args = parser.parse_args()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n")
    print("| workload | loop | us/step | of the floor | MiB |\n|---|---|---|---|---|")
    for workload in [args.only] if args.only else list(WORKLOADS):
        base, variants = WORKLOADS[workload]
        ways: dict[str, Callable[[], Measured]] = {
            "floor": lambda base=base: hand_written(base, args.steps, on_device, fused=True),
            "tutorial": lambda base=base: hand_written(base, args.steps, loaded),
            **{name: lambda c=[*base, *changes]: optcli(c, args.steps) for name, changes in variants.items()},
        }
        best: dict[str, Measured] = {}
        for _ in range(args.rounds):
            for name, way in ways.items():
                best[name] = min(best.get(name, (float("inf"), 0.0)), way())
        for name, (us, mib) in best.items():
            print(f"| {workload} | {name} | {us:.0f} | {us / best['floor'][0]:.2f} | {mib:.0f} |", flush=True)


if __name__ == "__main__":
    main()
