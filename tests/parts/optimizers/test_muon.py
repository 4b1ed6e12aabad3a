"""Muon against its formula, by hand: the iteration as a polynomial of the singular values."""

import numpy as np
import pytest
import torch

from optcli.parts import find
from optcli.parts.optimizers import _groups, muon


def flattened(g, rounds):
    u, s, v = np.linalg.svd(g.reshape(len(g), -1), full_matrices=False)
    s = s / (np.linalg.norm(s) + 1e-7)
    for _ in range(rounds):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return ((u * s) @ v).reshape(g.shape) * 0.2 * np.sqrt(max(u.shape[0], v.shape[1]))


def by_hand(w, g, memory, t, lr, decay, o):
    g = g + decay * w if o.decay == "l2" else g
    w = w * (1 - lr * decay) if o.decay == "decoupled" else w
    zero = np.zeros_like(w)
    if w.ndim > 1:
        memory.m = o.momentum * getattr(memory, "m", zero) + (1 - o.momentum) * g
        return w - lr * flattened(o.momentum * memory.m + (1 - o.momentum) * g, o.rounds)
    b1, b2 = o.betas
    memory.m = b1 * getattr(memory, "m", zero) + (1 - b1) * g
    memory.v = b2 * getattr(memory, "v", zero) + (1 - b2) * g * g
    return w - lr * memory.m / (1 - b1**t) / (np.sqrt(memory.v / (1 - b2**t)) + o.eps)


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("options", [{}, {"momentum": 0.8, "rounds": 3, "betas": (0.8, 0.9)}], ids=str)
def test_follows_the_formula(agrees, options, decay):
    agrees("muon", by_hand, lr=0.05, weight_decay=0.1, decay=decay, **options)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 2, 3)])
def test_equal_shapes_are_done_in_one_batch_with_the_same_result(shape):
    torch.manual_seed(0)
    matrices = [torch.randn(shape, dtype=torch.float64) for _ in range(3)] + [torch.randn(2, 2, dtype=torch.float64)]
    for made, given in zip(muon.orthogonal(matrices, 5), matrices, strict=True):
        np.testing.assert_allclose(made.numpy(), flattened(given.numpy(), 5), rtol=1e-9, atol=1e-12)


def test_singular_values_come_near_one():
    made = muon.orthogonal([torch.randn(64, 32)], 5)[0] / (0.2 * 8)
    values = torch.linalg.svdvals(made)
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_head_norms_and_biases_are_adamw_s():
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
    )
    groups = muon.build(_groups.groups(model, 0.1), muon.Options(), "cpu").param_groups
    called = {id(p): name for name, p in model.named_parameters()}
    assert {g["name"]: [called[id(p)] for p in g["params"]] for g in groups} == {
        "decayed, hidden": ["0.weight", "2.weight"],
        "decayed": ["3.weight"],
        "not decayed": ["0.bias", "1.weight", "1.bias", "2.bias", "3.bias"],
    }


def test_state_is_one_buffer_for_a_hidden_matrix(problem):
    made = problem("muon")
    assert [sorted(made.optimizer.state[p]) for p in made.params] == [
        ["momentum_buffer"], ["momentum_buffer"], ["exp_avg", "exp_avg_sq", "step"],
    ]  # fmt: skip
    assert find("optimizer", "muon").GATED
