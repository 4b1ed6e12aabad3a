"""Prodigy against its algorithm, by hand: the estimate is shared by all parameters."""

import numpy as np
import pytest

FACTORS = (1.0, 0.5, 0.9, 1.0, 0.25, 0.8)


def by_hand(made, o, decays):
    b1, b2 = o.betas
    b3 = np.sqrt(b2)
    w, d, d_max, numerator = [x.copy() for x in made.start], o.d0, o.d0, 0.0
    m, v, s = ([np.zeros_like(x) for x in w] for _ in range(3))
    for t, factor in enumerate(FACTORS):
        rate, size, numerator = d * o.lr * factor, 0.0, numerator * b3
        for i, x in enumerate(w):
            g = 0.7 * x + made.noise[t][i] + (decays[i] * x if o.decay == "l2" else 0)
            numerator += d / o.d0 * rate * (g * (made.start[i] - x)).sum()
            m[i], v[i] = b1 * m[i] + (1 - b1) * d * g, b2 * v[i] + (1 - b2) * d * d * g * g
            s[i] = b3 * s[i] + d / o.d0 * rate * g
            size += np.abs(s[i]).sum()
        guess = o.d_coef * numerator / size
        d = max(d, guess) if d == o.d0 else d
        d_max = max(d_max, guess)
        d = d_max if o.growth is None else min(d_max, d * o.growth)
        for i in range(3):
            shrink = 1 - rate * decays[i] if o.decay == "decoupled" else 1
            w[i] = shrink * w[i] - rate * m[i] / (np.sqrt(v[i]) + d * o.eps)
    return w


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("options", [{}, {"growth": 1.5, "d_coef": 2.0}, {"betas": (0.5, 0.9), "d0": 1e-3}])
def test_follows_the_algorithm(problem, options, decay):
    made = problem("prodigy", 0.1, decay=decay, **options)
    made.go(range(len(FACTORS)))
    for parameter, wanted in zip(made.params, by_hand(made, made.options, (0.1, 0.1, 0.0)), strict=True):
        np.testing.assert_allclose(parameter.detach().numpy(), wanted, rtol=1e-7, atol=1e-10)


def test_the_estimate_grows_and_is_the_same_everywhere(problem):
    made = problem("prodigy")
    made.go(range(6))
    found = {float(made.optimizer.state[p]["d"]) for p in made.params}
    assert len(found) == 1
    assert found.pop() > 1e-6
