"""The penalty on what is not orthogonal."""

import pytest
import torch

from optcli.parts.regularizers import orthogonal


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (2, 2, 3, 3)])
def test_is_zero_for_orthogonal_weights_and_leads_there(shape):
    torch.manual_seed(0)
    made = orthogonal.build(orthogonal.Options(strength=0.5))
    weights = torch.nn.Parameter(torch.randn(shape))
    for _ in range(300):
        (grad,) = torch.autograd.grad(made.penalty([weights]), [weights])
        weights.data -= 0.05 * grad
    flat = weights.detach().flatten(1)
    short = flat if flat.shape[0] <= flat.shape[1] else flat.T
    torch.testing.assert_close(short @ short.T, torch.eye(len(short)), atol=1e-4, rtol=0)
    assert made.penalty([weights]).item() == pytest.approx(0, abs=1e-6)


def test_value():
    made = orthogonal.build(orthogonal.Options(strength=0.1))
    assert made.report() == {}
    assert made.penalty([torch.tensor([[2.0, 0.0], [1.0, 1.0]])]).item() == pytest.approx(0.1 * (9 + 4 + 4 + 1))
    assert made.report() == {"penalty": pytest.approx(1.8)}
