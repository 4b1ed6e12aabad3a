"""The training that all samples tell of, and how their files are written."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Training:
    """Losses at steps 1 to n, validation after each epoch of `per_epoch` steps."""

    loss: list[float]
    lr: list[float]
    grad_norm: list[float]
    val_loss: list[float]
    per_epoch: int

    @property
    def steps(self) -> range:
        return range(1, len(self.loss) + 1)

    @property
    def epochs(self) -> int:
        return len(self.val_loss)

    def mean(self, epoch: int) -> float:
        """Mean loss of an epoch, counted from 0."""
        part = self.loss[epoch * self.per_epoch : (epoch + 1) * self.per_epoch]
        return sum(part) / len(part)


def training(epochs: int = 12, per_epoch: int = 10) -> Training:
    """A healthy training with numbers of four digits, which every format can carry."""
    n = epochs * per_epoch
    loss = [round(0.3 + 2 * math.exp(-i / (n / 4)) + 0.05 * math.sin(7.3 * i), 4) for i in range(n)]
    lr = [round(0.01 * (1 - i / n), 6) for i in range(n)]
    grad = [round(1 + 0.5 * math.cos(3.1 * i), 4) for i in range(n)]
    val = [round(0.4 + 1.8 * math.exp(-4 * (e + 1) / epochs), 4) for e in range(epochs)]
    return Training(loss, lr, grad, val, per_epoch)


def logged(t: Training) -> list[dict[str, float]]:
    """Train rows with a validation row after each epoch, steps from 1."""
    rows: list[dict[str, float]] = []
    for i, step in enumerate(t.steps):
        row = {"step": step, "epoch": i // t.per_epoch, "loss": t.loss[i], "lr": t.lr[i], "grad_norm": t.grad_norm[i]}
        rows.append(row)
        if step % t.per_epoch == 0:
            e = step // t.per_epoch - 1
            rows.append({"step": step, "epoch": e, "val_loss": t.val_loss[e]})
    return rows


def write_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_lines(folder: Path, name: str, lines: list[str]) -> Path:
    return write_file(folder, name, "".join(f"{line}\n" for line in lines))


def write_jsonl(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    return write_lines(folder, name, [json.dumps(row) for row in rows])
