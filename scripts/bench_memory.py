"""What each option does to the memory that a training step takes, and to its time: ratios to the same step without it.

    python scripts/bench_memory.py [--steps 3] [--only gpt]

Each option runs in a process of its own. Memory is the live bytes of tensors at their highest, parameters included,
followed by a dispatch mode that sees every tensor made and every storage freed; it is exact and the same on every
machine. Time is the process's CPU time of the fastest of several steps without that mode, so on a busy machine only
the order of magnitude counts. What is for accelerators (`offload`) is measured with the state where it would be: its
bytes are left out of the device's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import weakref
from typing import Any

GPT = [
    "data={name: shakespeare, context: 128, batch_size: 16}",
    "model={name: gpt, layers: 6, heads: 4, width: 128}",
    "metrics=[bits_per_char]",
]
MLP = ["data={name: digits, batch_size: 32}", "model={name: mlp, hidden: [2048, 2048, 2048]}"]
EARLY = "train.optimizer_in_backward=true"
CASES: dict[str, dict[str, list[str]]] = {
    "gpt": {
        "plain": [],
        "activation_checkpointing: true": ["train.activation_checkpointing=true"],
        "activation_checkpointing: every 2": ["train.activation_checkpointing=every 2"],
        "accumulate: 4 (batch a quarter)": ["data.batch_size=4", "train.accumulate=4"],
        "precision: bf16": ["train.precision=bf16"],
        "optimizer_in_backward": [EARLY],
        "checkpointing + accumulate: 4": [
            "train.activation_checkpointing=true", "data.batch_size=4", "train.accumulate=4",
        ],
        "checkpointing + in_backward + bf16": [
            "train.activation_checkpointing=true", EARLY, "train.precision=bf16",
        ],
    },
    "mlp": {
        "plain": [],
        "optimizer_in_backward": [EARLY],
        "offload: optimizer": ["offload"],
        "optimizer: lion": ["optimizer.name=lion"],
        "optimizer: sgd": ["optimizer.name=sgd", "optimizer.momentum=0"],
        "sgd + optimizer_in_backward": ["optimizer.name=sgd", "optimizer.momentum=0", EARLY],
    },
}  # fmt: skip
RECIPE = """
name: memory
data: digits
model: mlp
loss: cross_entropy
optimizer: {name: adamw, lr: 1e-3}
train: {steps: 20, threads: 1, device: cpu}
"""


def tracker() -> Any:
    """A mode that follows the live bytes of tensor storages; `most` is their highest sum."""
    from torch import Tensor
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Live(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.sizes: dict[int, int] = {}
            self.now = self.most = 0

        def add(self, tensor: Tensor) -> None:
            storage = tensor.untyped_storage()
            key = storage._cdata
            if key not in self.sizes and tensor.device.type != "meta":
                self.sizes[key] = storage.nbytes()
                self.now += storage.nbytes()
                self.most = max(self.most, self.now)
                weakref.finalize(storage, self.drop, key)

        def drop(self, key: int) -> None:
            self.now -= self.sizes.pop(key, 0)

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            for tensor in tree_leaves(out):
                if isinstance(tensor, Tensor):
                    self.add(tensor)
            return out

    return Live()


def measure(changes: list[str], steps: int) -> tuple[float, float]:
    """MiB at the highest during plain steps, and CPU milliseconds of the fastest step."""
    from optcli.recipe import loads
    from optcli.train.build import build
    from optcli.train.offload import Offloaded
    from optcli.train.signals import Signals
    from optcli.train.world import World

    away = "offload" in changes
    recipe = loads(RECIPE, overrides=[change for change in changes if change != "offload"])
    world = World("cpu", recipe.train.precision)
    built = build(recipe, world, Signals())
    if away:
        built.update._step = Offloaded(built.optimizer, world)
    batches = [built.batches.at(n) for n in range(1, 4)]
    for step in (1, 2):  # 1: the optimizer's state comes into being; 10 and its multiples measure the update ratio
        built.update(step, batches[0], 1.0)
    live = tracker()
    state = [t for one in built.optimizer.state.values() for t in one.values() if hasattr(t, "untyped_storage")]
    here = [*built.objective.bare.parameters(), *built.objective.bare.buffers(), *([] if away else state)]
    if away:
        live.sizes = {t.untyped_storage()._cdata: 0 for t in state}
    for tensor in here:
        live.add(tensor)
    with live:
        built.update(3, batches[1], 1.0)
    fastest = float("inf")
    for number in range(steps):
        begin = time.process_time()
        built.update(4 + number % 5, batches[number % 3], 1.0)
        fastest = min(fastest, time.process_time() - begin)
    return live.most / 2**20, fastest * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--only", choices=list(CASES))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(json.loads(args.one), args.steps)))
        return
    print("| model | option | peak MiB | of plain | CPU ms/step | of plain |\n|---|---|---|---|---|---|")
    for model in [args.only] if args.only else list(CASES):
        base = GPT if model == "gpt" else MLP
        first: tuple[float, float] | None = None
        for name, changes in CASES[model].items():
            command = [sys.executable, __file__, "--steps", str(args.steps), "--one", json.dumps([*base, *changes])]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
            )
            mib, ms = json.loads(done.stdout.splitlines()[-1])
            first = first or (mib, ms)
            print(
                f"| {model} | {name} | {mib:.1f} | {mib / first[0]:.2f} | {ms:.1f} | {ms / first[1]:.2f} |", flush=True
            )


if __name__ == "__main__":
    main()
