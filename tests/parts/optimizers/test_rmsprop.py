"""RMSprop against its formula, by hand, and against torch's."""

import numpy as np
import pytest
import torch

from optcli.parts.optimizers import rmsprop

FORMS = [{}, {"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.5, "alpha": 0.8, "eps": 1e-4}]


def by_hand(w, g, memory, t, lr, decay, o):
    g = g + decay * w if o.decay == "l2" else g
    w = w * (1 - lr * decay) if o.decay == "decoupled" else w
    zero = np.zeros_like(w)
    memory.v = o.alpha * getattr(memory, "v", zero) + (1 - o.alpha) * g * g
    memory.m = o.alpha * getattr(memory, "m", zero) + (1 - o.alpha) * g
    step = g / (np.sqrt(memory.v - (memory.m**2 if o.centered else 0)) + o.eps)
    memory.b = o.momentum * getattr(memory, "b", zero) + step
    return w - lr * memory.b


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("options", FORMS, ids=str)
def test_follows_the_formula(agrees, options, decay):
    agrees("rmsprop", by_hand, lr=0.02, weight_decay=0.1, decay=decay, **options)


@pytest.mark.parametrize("options", FORMS, ids=str)
def test_agrees_with_torch(problem, options):
    made, other = problem("rmsprop", lr=0.02, **options), problem("rmsprop", lr=0.02, **options)
    reference = torch.optim.RMSprop(other.params, lr=0.02, **options)
    made.go(range(6))
    for t, factor in enumerate((1.0, 0.5, 0.9, 1.0, 0.25, 0.8)):
        for parameter, grad in zip(other.params, other.grads(t), strict=True):
            parameter.grad = grad
        reference.param_groups[0]["lr"] = 0.02 * factor
        reference.step()
    for ours, theirs in zip(made.params, other.params, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_the_fused_form_is_the_plain_one(problem, monkeypatch):
    fused = problem("rmsprop", 0.1, lr=0.02)
    monkeypatch.setattr("optcli.parts.optimizers._build.kernel", lambda *_: {"foreach": True})
    plain = problem("rmsprop", 0.1, lr=0.02)
    assert fused.optimizer.update is rmsprop._fused
    assert plain.optimizer.update is rmsprop._update
    fused.go(range(6))
    plain.go(range(6))
    for one, other in zip(fused.snapshot(), plain.snapshot(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


def test_a_gradient_that_never_changes_gives_numbers(problem):
    """Its variance is 0, and rounding must not make that negative."""
    made = problem("rmsprop", lr=1e-12, centered=True, alpha=0.9)
    grads = [torch.rand_like(p) for p in made.params]
    for _ in range(400):
        made.step(1.0, [g.clone() for g in grads])
    assert all(p.isfinite().all() for p in made.params)
