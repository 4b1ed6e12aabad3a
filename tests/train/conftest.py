"""A tiny task, and trainings of it that are stopped at chosen steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import optcli
from optcli import parts
from optcli.recipe import Recipe, loads
from optcli.train.backward import UpdateInBackward
from optcli.train.checkpoint import Checkpoints
from optcli.train.session import Outcome, train
from optcli.train.signals import Signals
from optcli.train.update import Update

TEXT = """
name: tiny
seed: 3
data: {name: blobs, batch_size: 8}
model: {name: mlp, hidden: [12]}
loss: cross_entropy
metrics: [accuracy]
optimizer: {name: adamw, lr: 0.01}
train: {epochs: 3, threads: 1, device: cpu}
"""


def blobs(n: int = 70, nan_at: int = -1) -> Any:
    """Three clouds of points in four dimensions; the input of training sample `nan_at` is NaN."""
    random = np.random.default_rng(0)
    y = random.integers(0, 3, n + 30)
    x = (random.normal(size=(n + 30, 4)) + 2 * np.eye(3, 4)[y]).astype(np.float32)
    if nan_at >= 0:
        x[nan_at] = np.nan
    return x[:n], y[:n], x[n:], y[n:]


def shades(n: int = 70) -> Any:
    """Pictures of two channels, 6 x 6, brighter in the half that their class says."""
    random = np.random.default_rng(0)
    y = random.integers(0, 2, n + 30)
    x = random.normal(size=(n + 30, 2, 6, 6)).astype(np.float32)
    x[np.arange(len(y)), :, y * 3] += 2
    return x[:n], y[:n], x[n:], y[n:]


@pytest.fixture
def pictures() -> str:
    """The change to the tiny recipe that makes it see pictures."""
    return "data.name=shades"


@pytest.fixture(autouse=True)
def own_parts():
    """The tiny data sets; own parts of other tests are gone afterwards."""
    optcli.data(task="classification")(blobs)
    optcli.data(task="classification")(shades)
    yield
    parts.forget()


@pytest.fixture
def recipe() -> Callable[..., Recipe]:
    """`recipe("optimizer.lr=1", ...)`: the tiny recipe with changes."""
    return lambda *changes: loads(TEXT, overrides=changes)


@pytest.fixture
def run(recipe, capsys) -> Callable[..., Outcome]:
    """`run(folder, *changes, stop=5)`: train there, as if signal `signal` came during step `stop`."""

    def go(folder: Path, *changes: str, stop: int = -1, signal: int = 15, **options: Any) -> Outcome:
        with pytest.MonkeyPatch.context() as patch:
            noted: list[Signals] = []
            enter = Signals.__enter__

            def entered(self: Signals) -> Signals:
                noted.append(self)
                return enter(self)

            def stopping(kind: type[Update]) -> None:
                step = kind.__call__

                def stepped(self: Update, number: int, *rest: Any) -> None:
                    step(self, number, *rest)
                    if number + 1 == stop:
                        noted[-1].received = signal

                patch.setattr(kind, "__call__", stepped)

            patch.setattr(Signals, "__enter__", entered)
            for kind in (Update, UpdateInBackward):
                stopping(kind)
            return train(recipe(*changes), run_dir=folder, **options)

    return go


@pytest.fixture
def journal() -> Callable[[Path], list[dict[str, Any]]]:
    """What a journal says, without clocks and without the words about interruptions."""

    def read(folder: Path) -> list[dict[str, Any]]:
        records = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
        for record in records:
            record.pop("clock", None)
        return [r for r in records if r.get("event") != "resume"]

    return read


@pytest.fixture
def states() -> Callable[[Path], dict[str, Any]]:
    """Everything in a run's newest checkpoint but the seconds, tensors as bytes."""

    def plain(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return str(value.dtype), tuple(value.shape), value.numpy().tobytes()
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k not in ("wall", "reached")}
        return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value

    return lambda folder: plain(Checkpoints(folder / "checkpoints").load().state_dicts)
