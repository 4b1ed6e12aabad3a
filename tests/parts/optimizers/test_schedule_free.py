"""Schedule-Free AdamW and SGD against their algorithm, by hand, and the two sets of weights they have."""

import numpy as np
import pytest
import torch


def remember(memory, w):
    if not hasattr(memory, "z"):
        memory.z, memory.x, memory.v, memory.total, memory.largest = w.copy(), w.copy(), np.zeros_like(w), 0.0, 0.0


def averaged(memory, step, lr, beta):
    """The paper's own form, with z and x: the formula under test has y and z."""
    memory.largest = max(memory.largest, lr)
    memory.total += memory.largest**2
    memory.z = memory.z - lr * step
    c = memory.largest**2 / memory.total
    memory.x = (1 - c) * memory.x + c * memory.z
    return (1 - beta) * memory.z + beta * memory.x


def adamw(w, g, memory, t, lr, decay, o):
    remember(memory, w)
    g = g + decay * w if o.decay == "l2" else g
    memory.v = o.beta2 * memory.v + (1 - o.beta2) * g * g
    step = g / (np.sqrt(memory.v / (1 - o.beta2**t)) + o.eps)
    return averaged(memory, step + (decay * w if o.decay == "decoupled" else 0), lr, o.beta)


def sgd(w, g, memory, t, lr, decay, o):
    remember(memory, w)
    return averaged(memory, g + decay * w, lr, o.beta)


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("beta", [0.9, 0.5])
@pytest.mark.parametrize(("name", "formula"), [("adamw", adamw), ("sgd", sgd)])
def test_follows_the_paper(agrees, name, formula, beta, decay):
    # The step count and the sum of weights are in single precision.
    agrees(f"schedule_free_{name}", formula, rtol=3e-6, lr=0.05, weight_decay=0.1, decay=decay, beta=beta)


@pytest.mark.parametrize("name", ["schedule_free_adamw", "schedule_free_sgd"])
def test_evaluation_weights_are_the_mean_and_leave_no_trace(problem, name):
    made = problem(name, lr=0.05, beta=0.8)
    means, points = [w.copy() for w in made.start], []
    for t in range(5):
        made.go(range(t, t + 1))
        points.append([made.optimizer.state[p]["z"].numpy().copy() for p in made.params])
        rates = [0.05, 0.05, 0.05, 0.05, 0.05][: t + 1]
        weights = np.square(rates) / np.sum(np.square(rates))
        means = [sum(c * z[i] for c, z in zip(weights, points, strict=True)) for i in range(3)]
    before = made.snapshot()
    made.optimizer.eval_mode()
    made.optimizer.eval_mode()
    for parameter, mean in zip(made.params, means, strict=True):
        np.testing.assert_allclose(parameter.detach().numpy(), mean, rtol=1e-5)
    made.optimizer.train_mode()
    made.optimizer.train_mode()
    assert all(torch.equal(a, b) for a, b in zip(made.snapshot(), before, strict=True))


def test_a_rate_of_zero_moves_nothing(problem):
    made = problem("schedule_free_adamw")
    for parameter, grad in zip(made.params, made.grads(0), strict=True):
        parameter.grad = grad
    made.step(0.0)
    assert all(np.array_equal(p.detach().numpy(), w) for p, w in zip(made.params, made.start, strict=True))
