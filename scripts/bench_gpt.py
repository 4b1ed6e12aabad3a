"""What a step of a GPT costs beside a hand-written loop: CPU time, as a ratio taken in one run.

    python scripts/bench_gpt.py [--rounds 5] [--steps 120]

A GPT of 4 layers and width 128 on 64 bytes of Shakespeare a sample, batch 16, AdamW, one thread. The floor has the same
net, data in memory and `torch.optim.AdamW(fused=True)`, and logs and watches nothing. `optcli` trains with everything
on: journal, gradient norms, update ratios, live diagnosis; `blas` does so with `train.onednn: false`. Contenders take
turns, each in a process of its own; the least CPU time a step of all rounds counts, since other people's work only adds
to it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stderr
from pathlib import Path

BATCH = 16
WARM = 40
"""Steps that are not counted: in them rules are imported, files opened and memory is found."""
RECIPE = """\
name: bench
data: {{name: shakespeare, context: 64, batch_size: 16}}
model: {{name: gpt, layers: 4, heads: 4, width: 128}}
optimizer: {{name: adamw, lr: 1e-3, weight_decay: 0.01}}
train: {{steps: {steps}, eval_every: {steps} steps, checkpoint_every: {steps} steps, threads: 1, device: cpu}}
"""


def floor(steps: int) -> float:
    """CPU microseconds a step."""
    import torch

    from optcli.parts import find
    from optcli.recipe import loads

    torch.manual_seed(0)
    torch.set_num_threads(1)
    recipe = loads(RECIPE.format(steps=steps))
    splits = find("data", recipe.data.name).load(recipe.data.options, 0)
    order = torch.randperm(len(splits.train_x))[: (steps + WARM) * BATCH].numpy()
    x, y = (torch.from_numpy(part[order]).long() & 0xFF for part in (splits.train_x, splits.train_y))
    model = find("model", recipe.model.name).build(recipe.model.options, recipe.facts)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    begin = 0.0
    for step in range(steps + WARM):
        if step == WARM:
            begin = time.process_time()
        some = slice(step * BATCH, (step + 1) * BATCH)
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(x[some]).flatten(0, 1), y[some].flatten()).backward()
        optimizer.step()
    return (time.process_time() - begin) / steps * 1e6


def optcli(steps: int, *changes: str) -> float:
    """The same by `optcli.train.session.train`, from step to step."""
    from optcli.recipe import loads
    from optcli.train.session import train
    from optcli.train.update import Update

    times: list[float] = []
    step = Update.__call__

    def timed(self, *given):
        times.append(time.process_time())
        step(self, *given)

    Update.__call__ = timed
    with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()):
        train(loads(RECIPE.format(steps=steps + WARM + 1), overrides=changes), run_dir=Path(folder) / "run")
    return (times[-1] - times[WARM]) / (len(times) - 1 - WARM) * 1e6


def blas(steps: int) -> float:
    """The same with linear layers by the BLAS, as they are in the floor on every processor."""
    return optcli(steps, "train.onednn=false")


CONTENDERS = {"floor": floor, "optcli": optcli, "blas": blas}


def measure(name: str, steps: int) -> float:
    """One contender in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--steps", str(steps)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--one", choices=list(CONTENDERS))
    args = parser.parse_args()
    if args.one:
        print(json.dumps(CONTENDERS[args.one](args.steps)))
        return
    least = dict.fromkeys(CONTENDERS, float("inf"))
    for _ in range(args.rounds):
        for name in CONTENDERS:
            least[name] = min(least[name], measure(name, args.steps))
    print("| loop | CPU ms/step | of the floor |\n|---|---|---|")
    for name, us in least.items():
        print(f"| {name} | {us / 1e3:.1f} | {us / least['floor']:.3f} |")


if __name__ == "__main__":
    main()
