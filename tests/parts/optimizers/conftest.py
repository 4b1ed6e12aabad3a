"""A small problem with a known gradient, on which an optimizer is followed and compared with a formula."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from optcli.parts import find
from optcli.parts.optimizers import _direct

SHAPES = {"decayed": [(4, 3), (2, 2)], "not decayed": [(3,)]}
FACTORS = (1.0, 0.5, 0.9, 1.0, 0.25, 0.8)


class Problem:
    """Parameters w in two groups, and the gradient 0.7 w + noise(step), in float64."""

    def __init__(
        self, name: str, weight_decay: float = 0.0, dtype: torch.dtype = torch.float64, **options: Any
    ) -> None:
        part, numbers = find("optimizer", name), np.random.default_rng(3)
        self.start = [numbers.normal(size=s) for shapes in SHAPES.values() for s in shapes]
        self.noise = [[numbers.normal(size=w.shape) * 10.0**-i for i, w in enumerate(self.start)] for _ in FACTORS]
        self.params = [torch.nn.Parameter(torch.tensor(w, dtype=dtype)) for w in self.start]
        self.options = part.Options(weight_decay=weight_decay, **options)
        decays = {"decayed": weight_decay, "not decayed": 0.0}
        rest = iter(self.params)
        groups = [
            {
                "params": [next(rest) for _ in shapes],
                "name": group,
                "weight_decay": decays[group],
                "lr_scale": 1.0,
                "hidden": [len(shape) > 1 for shape in shapes],
            }
            for group, shapes in SHAPES.items()
        ]
        self.optimizer = part.build(groups, self.options, "cpu")
        self.step = _direct.stepper(self.optimizer)

    def grads(self, t: int) -> list[torch.Tensor]:
        noise = [torch.tensor(n, dtype=self.params[0].dtype) for n in self.noise[t]]
        return [0.7 * p.detach() + n for p, n in zip(self.params, noise, strict=True)]

    def go(self, steps: range, *, direct: bool = True) -> None:
        for t in steps:
            for parameter, grad in zip(self.params, self.grads(t), strict=True):
                parameter.grad = grad
            if direct:
                self.step(FACTORS[t])
            else:
                _direct.Step(self.optimizer)(FACTORS[t])

    def formula(self, update: Callable[..., np.ndarray], decays: tuple[float, ...]) -> list[np.ndarray]:
        """`update(w, g, memory, t, lr, weight_decay, options)` applied by hand to each parameter; t counts from 1."""
        ends = []
        for i, (w, decay) in enumerate(zip(self.start, decays, strict=True)):
            memory = SimpleNamespace()
            for t, factor in enumerate(FACTORS):
                w = update(w, 0.7 * w + self.noise[t][i], memory, t + 1, self.options.lr * factor, decay, self.options)
            ends.append(w)
        return ends

    def snapshot(self) -> list[torch.Tensor]:
        """Copies of all parameters and all state."""
        state = [t for p in self.params for t in self.optimizer.state[p].values() if isinstance(t, torch.Tensor)]
        return [t.detach().clone() for t in (*self.params, *state)]


@pytest.fixture
def problem() -> type[Problem]:
    return Problem


@pytest.fixture
def agrees() -> Callable[..., None]:
    """Follow an optimizer for six steps, by its kernel and by `step()`, and compare with the formula."""

    def check(
        name: str, update: Callable[..., np.ndarray], *, weight_decay: float = 0.0, rtol: float = 1e-9, **options: Any
    ) -> None:
        for direct in (True, False):
            followed = Problem(name, weight_decay, **options)
            followed.go(range(len(FACTORS)), direct=direct)
            expected = followed.formula(update, (weight_decay, weight_decay, 0.0))
            for parameter, wanted in zip(followed.params, expected, strict=True):
                np.testing.assert_allclose(parameter.detach().numpy(), wanted, rtol=rtol, atol=1e-12)

    return check
