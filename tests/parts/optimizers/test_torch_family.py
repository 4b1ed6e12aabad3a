"""The optimizers that are torch's own: against their formulas, by hand."""

import numpy as np
import pytest
import torch

from optcli.parts import find


def remember(memory, **start):
    for name, value in start.items():
        if not hasattr(memory, name):
            setattr(memory, name, value)


def decayed(w, g, lr, decay, o):
    return (w, g + decay * w) if o.decay == "l2" else (w * (1 - lr * decay), g)


def nadam(w, g, memory, t, lr, decay, o):
    w, g = decayed(w, g, lr, decay, o)
    b1, b2 = o.betas
    remember(memory, m=np.zeros_like(w), v=np.zeros_like(w), product=1.0)
    memory.m, memory.v = b1 * memory.m + (1 - b1) * g, b2 * memory.v + (1 - b2) * g * g
    now, after = (b1 * (1 - 0.5 * 0.96 ** (i * o.momentum_decay)) for i in (t, t + 1))
    memory.product *= now
    scale = np.sqrt(memory.v / (1 - b2**t)) + o.eps
    mean = (1 - now) / (1 - memory.product) * g + after / (1 - memory.product * after) * memory.m
    return w - lr * mean / scale


def radam(w, g, memory, t, lr, decay, o):
    w, g = decayed(w, g, lr, decay, o)
    b1, b2 = o.betas
    remember(memory, m=np.zeros_like(w), v=np.zeros_like(w))
    memory.m, memory.v = b1 * memory.m + (1 - b1) * g, b2 * memory.v + (1 - b2) * g * g
    limit = 2 / (1 - b2) - 1
    length = limit - 2 * t * b2**t / (1 - b2**t)
    mean = memory.m / (1 - b1**t)
    if length <= 5:
        return w - lr * mean
    rectified = np.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
    return w - lr * mean * rectified * np.sqrt(1 - b2**t) / (np.sqrt(memory.v) + o.eps)


def adamax(w, g, memory, t, lr, decay, o):
    w, g = decayed(w, g, lr, decay, o)
    b1, b2 = o.betas
    remember(memory, m=np.zeros_like(w), u=np.zeros_like(w))
    memory.m, memory.u = b1 * memory.m + (1 - b1) * g, np.maximum(b2 * memory.u, np.abs(g) + o.eps)
    return w - lr / (1 - b1**t) * memory.m / memory.u


def adagrad(w, g, memory, t, lr, decay, o):
    w, g = decayed(w, g, lr, decay, o)
    remember(memory, s=np.full_like(w, o.initial))
    memory.s = memory.s + g * g
    return w - lr / (1 + (t - 1) * o.lr_decay) * g / (np.sqrt(memory.s) + o.eps)


def adadelta(w, g, memory, t, lr, decay, o):
    w, g = decayed(w, g, lr, decay, o)
    remember(memory, v=np.zeros_like(w), d=np.zeros_like(w))
    memory.v = o.rho * memory.v + (1 - o.rho) * g * g
    step = np.sqrt(memory.d + o.eps) / np.sqrt(memory.v + o.eps) * g
    memory.d = o.rho * memory.d + (1 - o.rho) * step * step
    return w - lr * step


CASES = [
    (nadam, {"lr": 0.05}),
    (nadam, {"lr": 0.05, "betas": (0.8, 0.95), "momentum_decay": 0.1}),
    (radam, {"lr": 0.05}),
    (radam, {"lr": 0.05, "betas": (0.8, 0.7)}),
    (adamax, {"lr": 0.05}),
    (adagrad, {"lr": 0.1}),
    (adagrad, {"lr": 0.1, "lr_decay": 0.1, "initial": 0.5}),
    (adadelta, {"lr": 1.0, "rho": 0.8}),
]


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize(("formula", "options"), CASES, ids=lambda v: getattr(v, "__name__", str(v)))
def test_follows_the_formula(agrees, formula, options, decay):
    rtol = 1e-6 if formula is nadam else 1e-9  # torch keeps its product of momenta in single precision
    agrees(formula.__name__, formula, rtol=rtol, weight_decay=0.1, decay=decay, **options)


def test_decay_is_skipped_with_the_step(problem):
    made = problem("adadelta", 0.1, lr=1.0)
    made.go(range(1))
    before = made.params[0].detach().clone()
    made.optimizer.found_inf = torch.ones(())
    for parameter in made.params:
        parameter.grad = torch.zeros_like(parameter)
    made.step(1.0)
    assert torch.equal(made.params[0], before)


def test_parameters_without_a_gradient_are_not_decayed(problem):
    made = problem("adamax", 0.1)
    made.step(1.0)
    assert all((p.detach().numpy() == w).all() for p, w in zip(made.params, made.start, strict=True))


def test_adagrad_is_fused_on_a_cpu(problem):
    assert problem("adagrad").optimizer.param_groups[0]["fused"]
    part = find("optimizer", "adagrad")
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "weight_decay": 0.0, "lr_scale": 1.0}]
    assert not part.build(groups, part.Options(), "cuda").param_groups[0].get("fused")
