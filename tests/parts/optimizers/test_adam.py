"""Adam and AdamW against the formulas of Kingma & Ba and of Loshchilov & Hutter, by hand."""

import numpy as np
import pytest


def by_hand(w, g, memory, t, lr, decay, o):
    g = g + decay * w if o.decay == "l2" else g
    w = w * (1 - lr * decay) if o.decay == "decoupled" else w
    b1, b2 = o.betas
    memory.m = b1 * getattr(memory, "m", np.zeros_like(w)) + (1 - b1) * g
    memory.v = b2 * getattr(memory, "v", np.zeros_like(w)) + (1 - b2) * g * g
    memory.top = np.maximum(getattr(memory, "top", np.zeros_like(w)), memory.v)
    v = memory.top if o.amsgrad else memory.v
    return w - lr * memory.m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + o.eps)


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("options", [{}, {"betas": (0.5, 0.9), "eps": 1e-3}, {"amsgrad": True}], ids=str)
def test_follows_the_formula(agrees, name, options, decay):
    agrees(name, by_hand, lr=0.05, weight_decay=0.1, decay=decay, **options)


def test_the_first_step_has_the_length_of_the_rate(problem):
    made = problem("adam", lr=0.05)
    made.go(range(1))
    for now, before in zip(made.params, made.start, strict=True):
        np.testing.assert_allclose(np.abs(now.detach().numpy() - before), 0.05, rtol=1e-5)
