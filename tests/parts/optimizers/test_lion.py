"""Lion against the algorithm of its paper, by hand."""

import numpy as np
import pytest


def by_hand(w, g, memory, t, lr, decay, o):
    g = g + decay * w if o.decay == "l2" else g
    m = getattr(memory, "m", np.zeros_like(w))
    step = np.sign(o.betas[0] * m + (1 - o.betas[0]) * g)
    memory.m = o.betas[1] * m + (1 - o.betas[1]) * g
    return w - lr * (step + (decay * w if o.decay == "decoupled" else 0))


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.5, 0.8)])
def test_follows_the_formula(agrees, betas, decay):
    agrees("lion", by_hand, lr=0.03, weight_decay=0.2, decay=decay, betas=betas)
