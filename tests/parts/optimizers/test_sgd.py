"""SGD against its formula, by hand."""

import numpy as np
import pytest
import torch

from optcli.parts.optimizers import sgd

FORMS = [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.8, "dampening": 0.3}]


def by_hand(w, g, memory, t, lr, decay, o):
    g = g + decay * w if o.decay == "l2" else g
    w = w - lr * decay * w if o.decay == "decoupled" else w
    if o.momentum:
        memory.v = o.momentum * getattr(memory, "v", np.zeros_like(w)) + (1 - o.dampening) * g
        g = g + o.momentum * memory.v if o.nesterov else memory.v
    return w - lr * g


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("options", FORMS, ids=str)
def test_follows_the_formula(agrees, options, decay):
    agrees("sgd", by_hand, lr=0.1, weight_decay=0.05, decay=decay, **options)


def test_buffers_are_zero_before_the_first_step(problem):
    made = problem("sgd", momentum=0.9)
    assert all(not made.optimizer.state[p]["momentum_buffer"].any() for p in made.params)


def test_agrees_with_torch(problem):
    made, other = problem("sgd", momentum=0.9, lr=0.1), problem("sgd", momentum=0.9, lr=0.1)
    reference = torch.optim.SGD(other.params, lr=0.1, momentum=0.9)
    made.go(range(3))
    for t, factor in enumerate((1.0, 0.5, 0.9)):
        for parameter, grad in zip(other.params, other.grads(t), strict=True):
            parameter.grad = grad
        reference.param_groups[0]["lr"] = 0.1 * factor
        reference.step()
    for ours, theirs in zip(made.params, other.params, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_nesterov_can_not_be_dampened():
    options = sgd.Options(nesterov=True, momentum=0.9, dampening=0.1)
    assert [option for option, _, _ in sgd.check(options, None)] == ["nesterov"]
    assert sgd.check(sgd.Options(nesterov=True, momentum=0.9), None) == []
