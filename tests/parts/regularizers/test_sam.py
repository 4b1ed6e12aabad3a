"""Sharpness-aware minimization against its formula."""

import pytest
import torch

from optcli.parts.regularizers import sam


@pytest.mark.parametrize("adaptive", [False, True])
def test_moves_to_the_worst_point_and_back(adaptive):
    torch.manual_seed(0)
    params = [torch.nn.Parameter(torch.randn(4, 3)), torch.nn.Parameter(torch.randn(5))]
    grads, before = [torch.randn_like(p) for p in params], [p.detach().clone() for p in params]
    made = sam.build(sam.Options(radius=0.3, adaptive=adaptive))
    w, g = (torch.cat([t.flatten() for t in tensors]) for tensors in (before, grads))
    size = w.abs() if adaptive else torch.ones_like(w)
    wanted = 0.3 * size**2 * g / (size * g).norm()
    made.ascend(params, grads)
    moved = torch.cat([(p.detach() - old).flatten() for p, old in zip(params, before, strict=True)])
    torch.testing.assert_close(moved, wanted, atol=1e-6, rtol=1e-5)
    made.descend(params)
    assert all(torch.equal(p, old) for p, old in zip(params, before, strict=True))


def test_weights_that_become_nan_come_back():
    params = [torch.nn.Parameter(torch.ones(3))]
    made = sam.build(sam.Options())
    made.ascend(params, [torch.full((3,), torch.nan)])
    assert params[0].isnan().all()
    made.descend(params)
    assert params[0].tolist() == [1.0, 1.0, 1.0]


def test_tells_how_much_higher_the_worst_point_lies():
    made = sam.build(sam.Options())
    for by in (0.25, float("nan"), 0.75, float("inf")):
        made.rose(torch.tensor(by))
    assert made.report() == {"sharpness": 0.5}
    assert made.report() == {}
