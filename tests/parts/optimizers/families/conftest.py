"""A package of optimizers that nobody needs to install."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from optcli.parts.optimizers._families._foreign import Package

LISTING = """
from fakeopt.optimizer.plain import Plain, Child
from fakeopt.optimizer.odd import Odd, Rateless
from .swap import Swap
from torch.optim import SGD
"""
PLAIN = '''
import enum
from collections import deque
from typing import Literal, Optional

import torch

Pair = tuple


class Mode(enum.Enum):
    FAST = 1


class Plain(torch.optim.Optimizer):
    """Goes downhill.

    And more of it.

    Args:
        params: Parameters.
        lr: Learning rate.
        betas: Two numbers, told
            over two lines.
    """

    def __init__(
        self, params, lr: float | torch.Tensor = 0.1, betas: Pair = (0.9, 0.99), weight_decay: float = 0.0,
        kind: Literal["a", "b"] = "a", few: Optional[int] = None, shape: tuple[int, ...] = (1, 2),
        flag: bool = True, mode: Mode = Mode.FAST, call: "Callable | None" = None, bare=3, maximize: bool = False,
        *, named: str = "x", **kwargs,
    ):
        if kind == "b":
            raise RuntimeError("b is not done")
        assert not kwargs
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "mode": mode})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                queue = state.setdefault("queue", deque([torch.zeros_like(p)]))
                queue.append(p.grad.clone())
                if len(queue) > 2:
                    queue.popleft()
                p.sub_(sum(queue), alpha=group["lr"]).mul_(1 - group["lr"] * group["weight_decay"])


class Child(Plain):
    pass
'''
ODD = """
import torch


class Odd(torch.optim.Optimizer):
    def __init__(self, params, model: torch.nn.Module, lr: float = 1.0):
        super().__init__(params, {"lr": lr})


class Rateless(torch.optim.Optimizer):
    def __init__(self, params, max_lr: float = 1.0):
        super().__init__(params, {"lr": max_lr})
"""
SWAP = """
import torch


class Swap(torch.optim.SGD):
    def __init__(self, params, lr: float = 0.1):
        super().__init__(params, lr)

    def train(self):
        self.move(1 / 3)

    def eval(self):
        self.move(3.0)

    @torch.no_grad()
    def move(self, factor):
        for p in self.param_groups[0]["params"]:
            p.mul_(self.state[p].get("factor", 0.0) and factor)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """The family `fake:`, of a package that is on the path for this test."""
    folder = tmp_path / "fakeopt" / "optimizer"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    for name, text in {"__init__": LISTING, "plain": PLAIN, "odd": ODD, "swap": SWAP}.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield Package("fake", "fake-optimizers", "fakeopt.optimizer")
    for name in [name for name in sys.modules if name.partition(".")[0] == "fakeopt"]:
        del sys.modules[name]
