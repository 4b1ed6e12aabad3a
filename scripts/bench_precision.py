"""CPU time of a step by what computes it: precision and layout, fp64 summed from eighths, linear layers by oneDNN.

All as ratios taken in one run.

    python scripts/bench_precision.py [--rounds 8]

The variants take turns in one process, one thread; the least CPU time a step of all rounds counts, since other people's
work only adds to it.
"""

from __future__ import annotations

import argparse
import time

import torch

from optcli.recipe import loads
from optcli.train.build import Built, build
from optcli.train.signals import Signals
from optcli.train.world import World

RECIPE = """
name: precision
data: {name: fashion, batch_size: 32}
model: {name: cnn, channels: [32, 64]}
optimizer: {name: adamw, lr: 1e-3}
train: {epochs: 5, threads: 1, device: cpu, compile: off}
"""
VARIANTS = {
    "fp32": ("train.channels_last=false",),
    "fp32, channels last": ("train.channels_last=true",),
    "bf16": ("train.precision=bf16", "train.channels_last=false"),
    "bf16, channels last": ("train.precision=bf16", "train.channels_last=true"),
}
EIGHTHS = {
    "MLP 64-64-64-10, batch 64": """
data: {name: digits, batch_size: 64}
model: {name: mlp, hidden: [64, 64]}
train: {epochs: 5, threads: 1, device: cpu, compile: off, precision: fp64}
""",
    "GPT of 4 layers, width 96, 32 x 64 characters": """
data: {name: shakespeare, context: 64, batch_size: 32}
model: {name: gpt, layers: 4, heads: 4, width: 96}
metrics: []
train: {steps: 50, threads: 1, device: cpu, compile: off, precision: fp64}
""",
}
BOTH = "true", "false"
LINEAR = {
    "MLP 784-1024-1024-10, batch 64": """
data: {name: fashion, batch_size: 64}
model: {name: mlp, hidden: [1024, 1024]}
train: {epochs: 1, threads: 1, device: cpu, compile: off}
""",
    "Vision Transformer of 4 layers, width 96, batch 32": """
data: {name: fashion, batch_size: 32}
model: {name: vit, layers: 4, width: 96}
train: {epochs: 1, threads: 1, device: cpu, compile: off}
""",
    "GPT of 4 layers, width 128, 16 x 64 characters": """
data: {name: shakespeare, context: 64, batch_size: 16}
model: {name: gpt, layers: 4, heads: 4, width: 128}
metrics: []
train: {steps: 50, threads: 1, device: cpu, compile: off}
""",
}


def fastest(made: dict[str, Built], rounds: int) -> dict[str, float]:
    """The least CPU seconds of a step of each, which take turns."""
    least = dict.fromkeys(made, float("inf"))
    batches = [next(iter(made.values())).batches.at(step) for step in (1, 2)]
    torch.set_num_threads(1)
    for _ in range(rounds):
        for name, built in made.items():
            for step in (1, 2):  # the first after another variant's finds cold caches
                begin = time.process_time()
                built.update(step, batches[step - 1], 1.0)
                least[name] = min(least[name], time.process_time() - begin)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    args = parser.parse_args()
    made: dict[str, Built] = {}
    for name, changes in VARIANTS.items():
        recipe = loads(RECIPE, overrides=changes)
        made[name] = build(recipe, World("cpu", recipe.train.precision), Signals())
    least = fastest(made, args.rounds)
    print("| variant | CPU ms/step | of fp32 |\n|---|---|---|")
    for name, seconds in least.items():
        print(f"| {name} | {seconds * 1e3:.1f} | {seconds / least['fp32']:.2f} |")
    print("\n| fp64 | from eighths, of a whole step |\n|---|---|")
    for name, text in EIGHTHS.items():
        recipe, world = loads(text), World("cpu", "fp64")
        eighths = build(recipe, world, Signals())
        whole = build(recipe, world, Signals(), {**eighths.info, "parts": 1})
        seconds = fastest({"whole": whole, "eighths": eighths}, 5 * args.rounds)
        print(f"| {name} | {seconds['eighths'] / seconds['whole']:.2f} |")
    print("\n| fp32 | linear layers by oneDNN, of those by the BLAS |\n|---|---|")
    for name, text in LINEAR.items():
        made = {on: build(loads(text, overrides=[f"train.onednn={on}"]), World("cpu"), Signals()) for on in BOTH}
        seconds = fastest(made, args.rounds)
        print(f"| {name} | {seconds['true'] / seconds['false']:.2f} |")


if __name__ == "__main__":
    main()
