"""A hand-written PyTorch loop that carries a setup out, bugs and all, and what it saw."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from setups import Setup
from tasks import HONEST, TASKS, Data, Task
from torch import Tensor, nn

Row = dict[str, Any]


@dataclass
class Trace:
    """All that a run left; `honest` is measured on clean samples at `validations` points, whatever the log says."""

    per_epoch: int
    rows: list[Row] = field(default_factory=list)
    vals: list[Row] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    val: list[float] = field(default_factory=list)


OPTIMIZERS: dict[str, Any] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda p, **k: torch.optim.SGD(p, momentum=0.9, **k),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda t: 1.0,
    "cosine": lambda t: 0.5 + 0.5 * math.cos(math.pi * t),
    "step": lambda t: 1.0 if t < 0.5 else 0.1 if t < 0.8 else 0.01,
    "exponential": lambda t: 0.02**t,
    "warmup": lambda t: min(1.0, t / 0.15),
    "warmup_cosine": lambda t: t / 0.1 if t < 0.1 else 0.5 + 0.5 * math.cos(math.pi * (t - 0.1) / 0.9),
    "one_cycle": lambda t: 0.04 + 0.96 * t / 0.3 if t < 0.3 else 0.5 + 0.5 * math.cos(math.pi * (t - 0.3) / 0.7),
    "restarts": lambda t: 0.5 + 0.5 * math.cos(math.pi * (3 * t % 1)),
    "stable_decay": lambda t: min(1.0, t / 0.05, (1 - t) / 0.25),
}


def damaged(s: Setup, task: Task, d: Data) -> Data:
    """Fewer samples, wrong labels, a sorted file."""
    rng = np.random.default_rng(s.seed)
    keep = torch.as_tensor(rng.permutation(len(d.x))[: s.n_train or None])
    x, y = d.x[keep], d.y[keep].clone()
    bad = torch.as_tensor(rng.random(len(y)) < s.label_noise)
    if task.kind in ("classes", "numbers"):
        y[bad] = y[torch.as_tensor(rng.permutation(len(y)))][bad]
    elif task.kind == "tokens":
        wrong = torch.as_tensor(rng.random(y.shape) < s.label_noise)
        y[wrong] = y.flatten()[torch.as_tensor(rng.integers(0, y.numel(), int(wrong.sum())))]
    elif task.kind == "bits":
        y[bad] = 1 - y[bad]
    if s.heavy:
        y = y + s.heavy * torch.as_tensor(rng.standard_t(2, tuple(y.shape)), dtype=y.dtype)
    if not s.shuffle:
        order = torch.argsort(sorting(d, keep), stable=True)
        x, y = x[order], y[order]
    return replace(d, x=x, y=y)


def sorting(d: Data, keep: Tensor) -> Tensor:
    """What a file would be sorted by: the label, the target, the mean."""
    y = d.y[keep].float().flatten(1) if d.y.dim() > 1 else d.y[keep].float()[:, None]
    return y.mean(1) if y.shape[1] > 1 else y[:, 0]


def elsewhere(s: Setup, x: Tensor) -> Tensor:
    """Validation inputs of another kind."""
    rng = torch.Generator().manual_seed(s.seed)
    if x.dtype == torch.int64:
        return torch.where(torch.rand(x.shape, generator=rng) < s.val_shift, x.roll(1, 0), x)
    return x * (1 + s.val_shift) + s.val_shift * torch.randn(x.shape, generator=rng)


class Loop:
    """A training of one setup."""

    def __init__(self, s: Setup) -> None:
        self.s, self.task = s, TASKS[s.task]
        self.clean = self.task.data(s.seed)
        torch.manual_seed(s.seed)
        self.rng = np.random.default_rng(s.seed)
        self.data = damaged(s, self.task, self.clean)
        self.model = self.task.net(s, self.clean)
        self._spoil()
        self.per_epoch = max(1, len(self.data.x) // s.batch)
        self.step = 0
        self.kept: Any = None

    def _spoil(self) -> None:
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        with torch.no_grad():
            for p in parameters:
                if p.dim() > 1 or self.s.init == 0:
                    p.mul_(self.s.init)
        if hasattr(self.model, "sample"):
            self.model.sample = self.s.kl > 0
        chosen = parameters[-2:] if self.s.train_only == "last" else parameters
        make = OPTIMIZERS[self.s.optimizer]
        self.optimizer = make(chosen, lr=self.s.lr, weight_decay=self.s.weight_decay)

    def rate(self) -> float:
        """Of this step, as it is and as it is logged."""
        s, t = self.s, self.step / self.s.steps
        rate = s.lr * SCHEDULES[s.schedule](t)
        if s.end_at >= 0 and t >= s.end_at:
            rate = s.lr * s.end_rate
        return rate * (s.jump if 0 <= s.jump_at <= t else 1.0)

    def at(self, share: float) -> bool:
        """Is it this step?"""
        return share >= 0 and self.step == int(share * self.s.steps)

    def batch(self, order: Any) -> tuple[Tensor, Tensor]:
        """Inputs and targets of this step, with what is wrong with them."""
        s, place = self.s, self.step % self.per_epoch
        index = torch.as_tensor(order[place * s.batch : (place + 1) * s.batch])
        x, y = self.data.x[index], self.data.y[index]
        floats = x.dtype != torch.int64
        if s.harder_at >= 0 and self.step >= s.harder_at * s.steps and floats:
            x = x + 0.7 * torch.randn_like(x)
        if any(self.at(share + 1e-9) for share in s.bad_at):
            x = x * s.bad if floats else x
            y = y if floats else y.flatten()[torch.randint(0, y.numel(), (y.numel(),))].reshape(y.shape)
        if s.nan == "sample" and self.at(s.nan_at) and floats:
            x = x.clone()
            x[0] = torch.nan
        return x, y

    def loss(self, output: Tensor, y: Tensor) -> Tensor:
        """With everything that the recipe adds, and the bugs."""
        s = self.s
        if s.smoothing:
            flat = output.reshape(-1, output.shape[-1])
            value = nn.functional.cross_entropy(flat, y.flatten(), label_smoothing=s.smoothing)
        else:
            value = self.task.loss(output, y)
        if s.kl and hasattr(self.model, "divergence"):
            value = value + s.kl * min(1.0, self.step / (0.4 * s.steps)) * self.model.divergence
        if self.step >= s.nan_at * s.steps >= 0 and s.nan == "log0":
            value = value - 1e-3 * (-output.abs().amax() * 40).exp().log()
        if self.at(s.nan_at) and s.nan == "sqrt0":
            value = value + (output - output.detach()).square().sum().sqrt()
        return -value if self.step >= s.ascend_at * s.steps >= 0 else value

    def run(self) -> Trace:
        """All steps."""
        s, trace = self.s, Trace(self.per_epoch)
        order = np.arange(len(self.data.x))
        last, every = int(s.steps * s.cut), max(1, int(s.steps * s.cut) // s.validations)
        self.measure(trace)
        while self.step < last:
            if self.step % self.per_epoch == 0 and s.shuffle:
                order = self.rng.permutation(len(order))
            self.keep()
            trace.rows.append(self.update(order))
            if (self.step + 1) % every == 0 or self.step + 1 == last:
                self.measure(trace)
            self.step += 1
        return trace

    def keep(self) -> None:
        """Store a checkpoint, and fall back to it when the process died."""
        s = self.s
        if s.resume_at < 0:
            return
        if self.at(s.resume_at - 0.1) and self.kept is None:
            self.kept = copy.deepcopy((self.model.state_dict(), self.optimizer.state_dict(), self.step))
        if self.at(s.resume_at) and self.kept:
            self.model.load_state_dict(self.kept[0])
            self.optimizer.load_state_dict(self.kept[1])
            self.step, self.kept = self.kept[2], ()

    def update(self, order: Any) -> Row:
        """One step."""
        s = self.s
        x, y = self.batch(order)
        if not s.keep_gradients:
            self.optimizer.zero_grad()
        output = self.model(x)
        value = self.loss(output, y)
        if s.train_only != "none":
            value.backward()
        sizes = [float(p.grad.norm()) for p in self.model.parameters() if p.grad is not None and p.dim() > 1] or [0.0]
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), s.clip or math.inf))
        self.optimizer.param_groups[0]["lr"] = rate = self.rate()
        if s.train_only != "none":
            self.optimizer.step()
        shown = -value if self.step >= s.ascend_at * s.steps >= 0 else value
        row = {"step": self.step, "epoch": self.step // self.per_epoch, "train_loss": float(shown.detach()), "lr": rate}
        row |= {"grad_norm": norm, "grad_norm_first": sizes[0], "grad_norm_last": sizes[-1]}
        return row | ({"train_acc": right(output, y)} if self.task.kind in ("classes", "tokens") else {})

    def value(self, x: Tensor, y: Tensor) -> tuple[float, Tensor]:
        """Loss as it should be measured, and the output."""
        rng = torch.get_rng_state()
        torch.manual_seed(1)
        self.model.eval()
        with torch.no_grad():
            output = self.model(x)
            value = self.task.loss(output, y)
            if self.s.kl and hasattr(self.model, "divergence"):
                value = value + self.s.kl * self.model.divergence
        self.model.train()
        torch.set_rng_state(rng)
        return float(value), output

    def measure(self, trace: Trace) -> None:
        """Honest losses, and the validation that is logged."""
        s, d = self.s, self.clean
        honest, output = self.value(d.val_x[:HONEST], d.val_y[:HONEST])
        trace.steps.append(self.step)
        trace.train.append(self.value(d.x[:HONEST], d.y[:HONEST])[0])
        trace.val.append(honest)
        if not trace.rows:
            return
        x, y = (self.data.x, self.data.y) if s.leak == "rows" else (d.val_x, d.val_y)
        x, y = x[: s.val_n or HONEST], y[: s.val_n or HONEST]
        x = elsewhere(s, x) if s.val_shift else x
        logged, output = (honest, output) if x is d.val_x else self.value(x, y)
        row = {"step": self.step, "epoch": self.step // self.per_epoch, "val_loss": logged}
        if s.leak == "copy":
            row["val_loss"] = trace.rows[-1]["train_loss"]
        trace.vals.append(row | ({"val_acc": right(output, y)} if self.task.kind in ("classes", "tokens") else {}))


def right(output: Tensor, y: Tensor) -> float:
    """Share of right classes."""
    return float((output.detach().argmax(-1) == y).float().mean())
