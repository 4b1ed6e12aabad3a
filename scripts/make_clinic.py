"""Make the clinic: small logs of real trainings, ill ones and healthy traps. `python scripts/make_clinic.py [NAME ...]`

Writes `tests/clinic/runs/` and its `INDEX.csv` (file, codes that must be found, codes that may, what it is). Seeds are
fixed; the last digits may differ between machines, so that the logs are stored. Takes about a minute of CPU time.
"""

from __future__ import annotations

import copy
import csv
import io
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from clinic_cases import CASES, Case
from torch import Tensor, nn
from torch.nn import functional

from optcli.parts.datasets import diamonds, digits, shakespeare

RUNS = Path(__file__).parents[1] / "tests" / "clinic" / "runs"
DIGITS = 5
"""Significant digits that are stored."""
Row = dict[str, Any]


class Density(nn.Module):
    """Mean and logarithm of the deviation of a normal distribution, from a net with two outputs."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        mean, log = self.net(x).chunk(2, -1)
        return torch.cat([mean, log.clamp(-5, 5)], -1)


class Autoencoder(nn.Module):
    """A variational autoencoder of flat pictures; `kl` is the divergence of the last batch."""

    def __init__(self, size: int, hidden: int, code: int = 8) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.Flatten(), nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, 2 * code))
        self.leave = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, size))
        self.kl = torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        mean, log = self.enter(x).chunk(2, -1)
        self.kl = -0.5 * (1 + log - mean.square() - log.exp()).sum(-1).mean()
        return self.leave(mean + torch.randn_like(mean) * (log / 2).exp() if self.training else mean)


class Recurrent(nn.Module):
    """Next value or next token after each step of a sequence."""

    def __init__(self, cell: type[nn.RNN | nn.GRU], inputs: int, hidden: int, tokens: int = 0) -> None:
        super().__init__()
        self.embed = nn.Embedding(tokens, inputs) if tokens else nn.Identity()
        self.cell = cell(inputs, hidden, batch_first=True)
        self.head = nn.Linear(hidden, tokens or 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(self.embed(x))[0])


def data(case: Case, rng: np.random.Generator) -> list[Tensor]:
    """Training inputs and targets, validation inputs and targets."""
    parts: list[Any]
    if case.data == "sine":
        phase, pace = rng.uniform(0, 6.3, (400, 1)), rng.uniform(0.3, 0.6, (400, 1))
        wave = np.sin(pace * np.arange(33) + phase)[:, :, None] + 0.05 * rng.normal(size=(400, 33, 1))
        parts = [wave[:300, :-1], wave[:300, 1:], wave[300:, :-1], wave[300:, 1:]]
    elif case.data == "diamonds":
        found = diamonds.load(diamonds.Options(n=3000), 0)
        parts = [found.train_x, found.train_y, found.val_x[:500], found.val_y[:500]]
    elif case.data == "shakespeare":
        text = shakespeare.load(shakespeare.Options(context=24), 0)
        parts = [text.train_x[:2000], text.train_y[:2000], text.val_x[:100], text.val_y[:100]]
    elif case.data == "bits":
        x = rng.integers(0, 2, (900, 12))
        y = x[:, 0] * 2 + x[:, 1]
        parts = [x[:700] * 2.0 - 1, y[:700], x[700:] * 2.0 - 1, y[700:]]
    else:
        pictures = digits.load(digits.Options(n=case.samples or digits.TRAIN, label_noise=case.noise), 0)
        parts = [pictures.train_x, pictures.train_y, pictures.val_x, pictures.val_y]
        if case.data == "images":
            parts[1::2] = [part.reshape(len(part), -1) for part in parts[::2]]
        if case.data == "shuffled":
            parts[1] = rng.permutation(parts[1])
        if case.data == "sorted":
            order = np.argsort(parts[1], kind="stable")
            parts[:2] = parts[0][order], parts[1][order]
    return [torch.as_tensor(p, dtype=torch.float32 if p.dtype.kind == "f" else torch.int64) for p in parts]


def model(case: Case, x: Tensor, y: Tensor) -> nn.Module:
    """The untrained net."""
    inputs, outputs = math.prod(x.shape[1:]), int(y.max()) + 1 if y.dtype == torch.int64 else y.shape[-1]
    if case.model == "vae":
        return Autoencoder(inputs, case.hidden)
    if case.model == "rnn":
        return Recurrent(nn.RNN, 1, case.hidden)
    if case.model == "gru":
        return Recurrent(nn.GRU, 16, case.hidden, int(x.max()) + 1)
    if case.model == "density":
        return Density(nn.Sequential(nn.Linear(inputs, case.hidden), nn.ReLU(), nn.Linear(case.hidden, 2)))
    depth = {"sigmoid": 4, "deep-sigmoid": 8}.get(case.model, 1)
    bend = nn.Sigmoid if depth > 1 else nn.ReLU
    layers: list[nn.Module] = [nn.Flatten()]
    for width in [inputs, *[case.hidden] * (depth - 1)]:
        layers += [nn.Linear(width, case.hidden), bend(), nn.Dropout(case.dropout)]
    last = [nn.Softmax(-1)] if case.model == "softmax" else []
    return nn.Sequential(*layers, nn.Linear(case.hidden, outputs), *last)


def loss(case: Case, output: Tensor, target: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy, mean squared error, or the negative log-likelihood of a normal distribution."""
    if case.model == "density":
        mean, log = output.chunk(2, -1)
        return (0.5 * ((target - mean) * (-log).exp()).square() + log).mean()
    if target.dtype != torch.int64:
        return functional.mse_loss(output, target)
    flat = output.reshape(-1, output.shape[-1])
    return functional.cross_entropy(flat, target.reshape(-1), label_smoothing=smoothing)


OPTIMIZERS: dict[str, Any] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda p, **k: torch.optim.SGD(p, momentum=0.9, **k),
    "adam": torch.optim.Adam,
    "rmsprop": torch.optim.RMSprop,
}


class Loop:
    """A training that hooks can reach into: `step`, `x`, `y`, `index`, `lr`, `kl`, `skip`, `model`."""

    def __init__(self, case: Case) -> None:
        torch.manual_seed(len(case.name))
        self.case, self.steps, self.rng = case, case.steps, np.random.default_rng(len(case.name))
        self.train_x, self.train_y, self.val_x, self.val_y = data(case, self.rng)
        self.model = model(case, self.train_x, self.train_y)
        make = OPTIMIZERS[case.optimizer]
        self.optimizer = make(self.model.parameters(), lr=case.lr, weight_decay=case.weight_decay)
        self.per_epoch = len(self.train_x) // case.batch or 1
        self.scale, self.kl, self.lr = 65536.0 if case.half else 1.0, 0.01, case.lr
        self.noise, self.clock, self.peak = np.random.default_rng(1), 0.0, 0.0
        self.at = self.step = 0
        self.skip = False
        if case.model == "trained":
            self._learn_first(200)

    def _learn_first(self, steps: int) -> None:
        for _ in range(steps):
            index = torch.as_tensor(self.rng.integers(0, len(self.train_x), self.case.batch))
            self.optimizer.zero_grad()
            loss(self.case, self.model(self.train_x[index]), self.train_y[index]).backward()
            self.optimizer.step()

    def keep(self) -> None:
        """Remember the state, as a checkpoint does."""
        self.kept = copy.deepcopy((self.model.state_dict(), self.optimizer.state_dict(), self.step))

    def back(self) -> None:
        """Go back to what was kept, once."""
        if self.kept:
            parameters, state, self.step = self.kept
            self.model.load_state_dict(parameters)
            self.optimizer.load_state_dict(state)
            self.kept = None

    def run(self) -> Iterable[Row]:
        """Take all steps; a row for each, with validation where it is due."""
        case, order = self.case, np.arange(len(self.train_x))
        while self.step < self.steps:
            place = self.step % self.per_epoch
            if place == 0 and case.shuffle:
                order = self.rng.permutation(len(self.train_x))
            self.index = torch.as_tensor(order[place * case.batch : (place + 1) * case.batch])
            self.x, self.y = self.train_x[self.index], self.train_y[self.index]
            self.lr = case.lr * case.schedule(self.step / self.steps)
            if case.before:
                case.before(self)
            row = {"step": self.step, "epoch": self.step // self.per_epoch, **self._update()}
            if case.machine:
                row |= case.machine(self)
            if case.validate and (self.step + 1) % case.validate == 0:
                row |= self._validate(row)
            yield row
            self.step += 1

    def _update(self) -> Row:
        case, target = self.case, self.y
        self.optimizer.zero_grad()
        self.skip = False
        output = self.model(self.x)
        value = loss(case, output, target, case.smoothing)
        if isinstance(self.model, Autoencoder):
            value = value + self.kl * self.model.kl
        (value * self.scale).backward()
        if case.backward:
            case.backward(self)
        if case.half:
            self._round()
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), case.clip))
        if not self.skip:
            self.optimizer.param_groups[0]["lr"] = self.lr
            self.optimizer.step()
        row = {"train_loss": value.item(), "lr": self.lr, "grad_norm": norm, "loss_scale": self.scale}
        row |= self._layers()
        right = (output.detach().argmax(-1) == target).float().mean().item() if target.dtype == torch.int64 else 0.0
        return row | {"train_accuracy": right}

    def _layers(self) -> Row:
        """The gradient norm of each matrix of weights."""
        found = [(name, p.grad) for name, p in self.model.named_parameters() if p.ndim > 1 and p.grad is not None]
        return {f"grad_norm/{name}": float(grad.norm()) for name, grad in found}

    def _round(self) -> None:
        """Gradients as 16-bit floats give them; the scale is halved on overflow."""
        for p in self.model.parameters():
            p.grad = None if p.grad is None else p.grad.half().float()
        found = [p.grad for p in self.model.parameters() if p.grad is not None]
        self.skip = not all(bool(g.isfinite().all()) for g in found)
        if self.skip:
            self.scale = max(1.0, self.scale / 2)
        for g in found:
            g.div_(self.scale)

    def _validate(self, row: Row) -> Row:
        if "copy" in self.case.columns:
            return {"val_loss": row["train_loss"]}
        some = torch.as_tensor(self.rng.permutation(len(self.val_x))[: self.case.val_samples or None])
        target = self.val_y[some]
        self.model.eval()
        with torch.no_grad():
            output = self.model(self.val_x[some])
            value = loss(self.case, output, target).item()
            if isinstance(self.model, Autoencoder):
                value += self.kl * self.model.kl.item()
        self.model.train()
        if target.dtype != torch.int64:
            return {"val_loss": value}
        return {"val_loss": value, "val_accuracy": (output.argmax(-1) == target).float().mean().item()}


def logged(case: Case, rows: Iterable[Row]) -> list[Row]:
    """Means over `every` steps, with the columns that the case logs; the copied validation is of the same step."""
    keep = {"step", "epoch", "train_loss", "val_loss", *case.columns.split()}
    keep |= {"train_accuracy", "val_accuracy"} if "accuracy" in keep else set()
    means = {"train_loss", "grad_norm", "train_accuracy", "step_time", "data_time"}
    every = 1 if "copy" in keep else case.every
    out, window = [], []
    for row in rows:
        window.append(row)
        if len(window) == every or "val_loss" in row:
            mean = {k: float(np.mean([r[k] for r in window])) for k in means & row.keys()}
            if "filter" in keep and math.isnan(mean["train_loss"]):
                mean["train_loss"] = 0.0
            shown = keep | {k for k in row if "layers" in keep and k.startswith("grad_norm/")}
            out.append({k: rounded(v) for k, v in {**row, **mean}.items() if k in shown})
            window = []
    return out


def rounded(value: float) -> float:
    """As many digits as are stored."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def write(case: Case, rows: list[Row]) -> Path:
    """The log in the format of the case."""
    from clinic_formats import FORMATS

    ending, text = FORMATS[case.format]
    path = RUNS / f"{case.name}.{ending}"
    path.write_text(text(case, rows), encoding="utf-8")
    return path


def main() -> int:
    """Train all, or those that are named; the index is always of all."""
    torch.set_num_threads(1)
    RUNS.mkdir(parents=True, exist_ok=True)
    from clinic_formats import FORMATS

    index = io.StringIO()
    table = csv.writer(index, lineterminator="\n")
    table.writerow(["file", "codes", "also", "what"])
    for case in CASES:
        table.writerow([f"{case.name}.{FORMATS[case.format][0]}", case.codes, case.also, case.why])
        if len(sys.argv) == 1 or case.name in sys.argv[1:]:
            path = write(case, logged(case, Loop(case).run()))
            print(f"{path.name:28} {path.stat().st_size / 1000:6.1f} kB")
    (RUNS / "INDEX.csv").write_text(index.getvalue(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
