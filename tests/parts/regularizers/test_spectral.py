"""The spectral penalty against singular values."""

import pytest
import torch

from optcli.parts.regularizers import spectral


def some():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(5, 3, generator=generator), torch.randn(4, 2, 2, 2, generator=generator)]


def test_value_and_gradient_are_those_of_the_first_singular_value():
    made, weights = spectral.build(spectral.Options(strength=0.5)), [w.requires_grad_() for w in some()]
    for _ in range(200):
        penalty = made.penalty(weights)
    penalty.backward()
    exact = [torch.linalg.svd(w.detach().flatten(1), full_matrices=False) for w in weights]
    largest = [float(s[0]) for _, s, _ in exact]
    assert penalty.item() == pytest.approx(0.25 * sum(s**2 for s in largest), rel=1e-4)
    for weight, (u, s, v) in zip(weights, exact, strict=True):
        wanted = 0.5 * s[0] * torch.outer(u[:, 0], v[0])
        torch.testing.assert_close(weight.grad.flatten(1), wanted, rtol=1e-3, atol=1e-4)
    told = made.report()
    assert told["spectral_norm"] == pytest.approx(max(largest), rel=1e-4)
    assert told["penalty"] == pytest.approx(penalty.item())


def test_goes_on_from_its_state():
    one, other = (spectral.build(spectral.Options()) for _ in range(2))
    for _ in range(3):
        one.penalty(some())
    other.load_state_dict(one.state_dict())
    assert torch.equal(one.penalty(some()), other.penalty(some()))


def test_weights_at_zero_are_no_error():
    made = spectral.build(spectral.Options())
    assert made.report() == {}
    assert made.penalty([torch.zeros(2, 3)]).item() == 0
    assert made.penalty([torch.ones(2, 3)]).isfinite()


def test_is_computed_in_single_precision():
    assert spectral.build(spectral.Options()).penalty([torch.ones(2, 2, dtype=torch.float16)]).dtype == torch.float32
