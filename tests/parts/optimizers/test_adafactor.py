"""Adafactor against its algorithm, by hand."""

import numpy as np
import pytest
import torch

from optcli.parts.optimizers import _gain


def by_hand(w, g, memory, t, lr, decay, o):
    if o.decay == "l2":
        g = g + decay * w
    else:
        w = w * (1 - lr * decay)
    keep = 1 - t**o.beta2_decay
    rate = max(o.eps[1], np.sqrt(np.mean(w * w))) * min(lr, 1 / np.sqrt(t))
    if w.ndim > 1:
        if t == 1:
            memory.rows, memory.columns = np.zeros((w.shape[0], 1)), np.zeros((1, w.shape[1]))
        memory.rows = keep * memory.rows + (1 - keep) * (g * g).mean(1, keepdims=True)
        memory.columns = keep * memory.columns + (1 - keep) * (g * g).mean(0, keepdims=True)
        second = memory.rows * memory.columns / memory.rows.mean()
    else:
        memory.v = keep * getattr(memory, "v", 0) + (1 - keep) * g * g
        second = memory.v
    step = g / np.sqrt(np.maximum(second, o.eps[0] ** 2))
    return w - rate * step / max(1.0, np.sqrt(np.mean(step * step)) / o.d)


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("lr", [0.02, 5.0])
def test_follows_the_algorithm(agrees, lr, decay):
    agrees("adafactor", by_hand, rtol=1e-6, lr=lr, weight_decay=0.01, decay=decay)


def test_the_gain_is_one_over_the_root_of_the_second_moment(problem):
    made = problem("adafactor")
    made.go(range(1))
    for parameter in made.params:
        gain = _gain.adafactor(made.optimizer.state[parameter], made.optimizer.param_groups[0], parameter)
        assert gain.shape == parameter.shape
        assert torch.isfinite(gain).all()
