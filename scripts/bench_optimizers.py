"""Steps, time and memory that each optimizer takes to a target on two small real tasks; makes the README's table.

    python scripts/bench_optimizers.py [--only NAME ...] [--tasks digits,chargpt] [--seeds 5] [--timing]

- digits: an MLP 64-128-128-10, batch 64, to 97 % of the 360 validation images (asked every 5 steps, 600 at most);
- chargpt: a transformer of 2 layers, width 48, context 32, batch 16, on the characters of Python's own manual pages
  (`pydoc_data.topics`, so that the text depends on the Python version), to a validation loss of 2.55 (asked every 10
  steps, 350 at most).

Every contender has a small grid of rates; its other options are as written below. Seed 0 tries the grid, the best two
rates run the other seeds, and the better of these counts. Rates are constant after a warm-up. Time is the mean CPU time
of a step on one thread, all contenders taking turns (the mean, since some have dear steps now and then). Results go to
`scripts/optimizers.json`, where those of contenders that are not named are kept; `readme_tables.py` makes the table.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import random
import re
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from optcli.parts import find
from optcli.parts.datasets import digits
from optcli.parts.facts import Facts
from optcli.parts.optimizers import _direct, _groups

RESULTS: Final = Path(__file__).with_name("optimizers.json")
TIMED, UNTIMED = 300, 10
"""Steps of each contender that are timed, after some that are not."""
NEVER: Final = 10**9
"""Steps of a run that did not reach the target."""
HIGH: Final = (1e-3, 3e-3, 1e-2, 3e-2)


@dataclass(frozen=True)
class Contender:
    """An optimizer with options; `rates` are values of `option`, of which each is tried."""

    part: str
    rates: Any = HIGH
    options: dict[str, Any] = field(default_factory=dict)
    option: str = "lr"
    warmup: int = 20


CONTENDERS = {
    "adam": Contender("adam"),
    "adamw": Contender("adamw"),
    "nadam": Contender("nadam"),
    "radam": Contender("radam"),
    "rmsprop": Contender("rmsprop", (3e-4, 1e-3, 3e-3, 1e-2)),
    "sgd_momentum": Contender("sgd", (0.03, 0.1, 0.3, 1.0), {"momentum": 0.9}),
    "lion": Contender("lion", (1e-4, 3e-4, 1e-3, 3e-3)),
    "adagrad": Contender("adagrad", (1e-2, 3e-2, 1e-1, 3e-1)),
    "prodigy": Contender("prodigy", (0.5, 1.0, 2.0, 4.0), option="d_coef"),
    "schedule_free_adamw": Contender("schedule_free_adamw"),
    "muon": Contender("muon"),
    "soap": Contender("soap"),
    "adamw, quick": Contender("adamw", HIGH, {"betas": (0.9, 0.98)}, warmup=5),
    "muon, quick": Contender("muon", HIGH, {"momentum": 0.9, "betas": (0.9, 0.98)}, warmup=5),
    "soap, quick": Contender("soap", (3e-3, 1e-2, 2e-2, 3e-2), {"every": 2, "betas": (0.9, 0.9)}, warmup=5),
}
"""The quick ones have shorter memories than their defaults and a warm-up of 5 steps instead of 20."""


class Digits:
    """Handwritten digits as the data part splits them, shades from 0 to 1."""

    batch, every, most, target, higher = 64, 5, 600, 0.97, True

    def __init__(self) -> None:
        splits = find("data", "digits").load(digits.Options(), 0)
        self.x, self.held_x = (
            torch.from_numpy(x).flatten(1) * digits.DEVIATION + digits.MEAN for x in (splits.train_x, splits.val_x)
        )
        self.y, self.held_y = torch.from_numpy(splits.train_y), torch.from_numpy(splits.val_y)

    def model(self) -> nn.Module:
        part = find("model", "mlp")
        return part.build(part.Options(), Facts("classification", len(self.x), len(self.held_x), (64,), 10))

    def batch_of(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        at = torch.randint(len(self.x), (self.batch,), generator=generator)
        return self.x[at], self.y[at]

    def loss(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(model(x), y)

    def value(self, model: nn.Module) -> float:
        return float((model(self.held_x).argmax(-1) == self.held_y).double().mean())


class CharGpt:
    """Characters of Python's manual pages, a tenth of them held out; the same 64 held out passages are always asked."""

    batch, every, most, target, higher = 16, 10, 350, 2.55, False
    context, width, layers = 32, 48, 2

    def __init__(self) -> None:
        pages = importlib.import_module("pydoc_data.topics").topics
        text = re.sub(r"[^\x20-\x7e\n]", "", "\n".join(pages[name] for name in sorted(pages)))[:300_000]
        numbers = {char: i for i, char in enumerate(sorted(set(text)))}
        self.tokens, whole = len(numbers), torch.tensor([numbers[char] for char in text])
        self.text, held = whole[: len(whole) * 9 // 10], whole[len(whole) * 9 // 10 :]
        self.held = self._passages(held, 64, torch.Generator().manual_seed(1))

    def _passages(self, text: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        starts = torch.randint(len(text) - self.context - 1, (count,), generator=generator)
        passages = text[starts[:, None] + torch.arange(self.context + 1)]
        return passages[:, :-1], passages[:, 1:]

    def model(self) -> nn.Module:
        part = find("model", "gpt")
        facts = Facts("language", len(self.text), 64, (self.context,), self.tokens)
        return part.build(part.Options(layers=self.layers, width=self.width, tied=False), facts)

    def batch_of(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self._passages(self.text, self.batch, generator)

    def loss(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(model(x).flatten(0, 1), y.flatten())

    def value(self, model: nn.Module) -> float:
        return float(self.loss(model, *self.held))


TASKS = {"digits": Digits, "chargpt": CharGpt}


class Run:
    """One training from its start."""

    def __init__(self, task: Any, contender: Contender, rate: float, seed: int) -> None:
        torch.manual_seed(seed)
        self.task, self.contender, self.model = task, contender, task.model()
        self.generator = torch.Generator().manual_seed(1000 + seed)
        part = find("optimizer", contender.part)
        options = part.Options(**{**contender.options, contender.option: rate})
        self.optimizer = part.build(_groups.groups(self.model, 0.0), options, "cpu")
        self.step, self.taken = _direct.stepper(self.optimizer), 0

    def go(self) -> None:
        """One step."""
        self.taken += 1
        loss = self.task.loss(self.model, *self.task.batch_of(self.generator))
        self.step(min(1.0, self.taken / self.contender.warmup), list(torch.autograd.grad(loss, self.step.params)))

    @torch.no_grad()
    def value(self) -> float:
        """On the held out data, with the weights that are meant for that."""
        swap = hasattr(self.optimizer, "eval_mode")
        if swap:
            self.optimizer.eval_mode()
        value = self.task.value(self.model)
        if swap:
            self.optimizer.train_mode()
        return value

    def to_target(self) -> int | None:
        """Steps until the target is met; None if it is not."""
        task = self.task
        for _ in range(task.most // task.every):
            for _ in range(task.every):
                self.go()
            value = self.value()
            if value >= task.target if task.higher else value <= task.target:
                return self.taken
            if not math.isfinite(value):
                break
        return None

    def state(self) -> float:
        """Memory of the optimizer's state, in units of the weights'."""
        weights = sum(p.nbytes for p in self.step.params)
        kept = (t for one in self.optimizer.state.values() for t in one.values() if isinstance(t, Tensor))
        return sum(t.nbytes for t in kept) / weights


def tried(name: str, task: Any, seeds: int) -> dict[str, Any]:
    """The better of the two rates that are best on seed 0, on all seeds. Not reached counts as more than anything."""
    contender = CONTENDERS[name]
    rates = contender.rates
    first = {rate: Run(task, contender, rate, 0).to_target() for rate in rates}
    best = sorted(first, key=lambda rate: first[rate] or NEVER)[:2]
    steps = {rate: [first[rate]] for rate in best}
    for rate in best if any(first.values()) else ():
        steps[rate] += [Run(task, contender, rate, seed).to_target() for seed in range(1, seeds)]
    rate = min(best, key=lambda rate: (median(steps[rate]), statistics.mean(s or NEVER for s in steps[rate])))
    return {"rate": rate, "steps": steps[rate], "grid": {f"{r:g}": s for r, s in first.items()}}


def median(steps: list[int | None]) -> float:
    return statistics.median(NEVER if s is None else s for s in steps)


def timed(task: Any, rates: dict[str, float]) -> dict[str, dict[str, float]]:
    """Mean CPU ms of a training step and memory of the state, for each contender.

    They take turns in an order that is drawn anew each time: whoever comes after a step of SOAP finds cold caches.
    """
    runs = {name: Run(task, CONTENDERS[name], rate * 0.1, 0) for name, rate in rates.items()}
    taken = dict.fromkeys(runs, 0.0)
    for at in range(UNTIMED + TIMED):
        for name in random.Random(at).sample(sorted(runs), len(runs)):
            begin = time.process_time()
            runs[name].go()
            taken[name] += (time.process_time() - begin) * (at >= UNTIMED)
    return {name: {"ms": 1e3 * taken[name] / TIMED, "state": run.state()} for name, run in runs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--timing", action="store_true", help="only measure the times again")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in asked.tasks.split(","):
        task, found = TASKS[name](), known.setdefault(name, {})
        for one in () if asked.timing else asked.only:
            found[one] = tried(one, task, asked.seeds)
            print(name, one, found[one], flush=True)
            RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        for one, told in timed(task, {one: found[one]["rate"] for one in CONTENDERS if one in found}).items():
            found[one] |= told
        RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
