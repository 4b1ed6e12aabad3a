"""Regularizers that change gradients: against torch's functions and the papers' formulas."""

import math

import pytest
import torch

from optcli.parts import find

DOWN, UP = torch.zeros(()), torch.ones(())


def made(name, params, **options):
    part = find("regularizer", name)
    regularizer = part.build(part.Options(**options))
    if hasattr(regularizer, "on_optimizer"):
        regularizer.on_optimizer(torch.optim.SGD(params, lr=0.1))
    return regularizer


def some(seed=0, scale=1.0):
    torch.manual_seed(seed)
    params = [torch.nn.Parameter(torch.randn(4, 3)), torch.nn.Parameter(torch.randn(4))]
    return params, [scale * torch.randn_like(p) for p in params]


def apply(regularizer, params, grads, up=DOWN):
    regularizer.on_grads(params, grads, torch.stack([g.norm() for g in grads]), up)


def given(params, grads):
    for parameter, grad in zip(params, grads, strict=True):
        parameter.grad = grad.clone()


@pytest.mark.parametrize("limit", [0.5, 50.0])
def test_clip_norm_is_torchs(limit):
    params, grads = some()
    given(params, grads)
    torch.nn.utils.clip_grad_norm_(params, limit)
    regularizer = made("clip_norm", params, max_norm=limit)
    apply(regularizer, params, grads)
    for parameter, grad in zip(params, grads, strict=True):
        torch.testing.assert_close(grad, parameter.grad)
    assert regularizer.report() == {"clipped_steps": float(limit < 1)}
    assert regularizer.report() == {}


def test_clip_value_is_torchs():
    params, grads = some()
    given(params, grads)
    torch.nn.utils.clip_grad_value_(params, 0.7)
    regularizer = made("clip_value", params, max_value=0.7)
    apply(regularizer, params, grads)
    assert all(torch.equal(g, p.grad) for p, g in zip(params, grads, strict=True))
    assert regularizer.report() == {"clipped_steps": 1.0}


def test_agc_limits_each_unit_but_the_head():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    params = list(net.parameters())
    grads = [torch.randn_like(p) for p in params]
    before = [g.clone() for g in grads]
    regularizer = made("agc", params, clipping=0.1)
    regularizer.on_model(net)
    apply(regularizer, params, grads)
    for row in range(4):
        limit = 0.1 * max(params[0][row].norm().item(), 1e-3)
        wanted = before[0][row] * min(1.0, limit / before[0][row].norm().item())
        torch.testing.assert_close(grads[0][row], wanted)
    limit = 0.1 * params[1].norm().item()
    torch.testing.assert_close(grads[1], before[1] * min(1.0, limit / before[1].norm().item()))
    assert torch.equal(grads[2], before[2])
    assert torch.equal(grads[3], before[3])


def test_zclip_follows_the_paper():
    params, _ = some()
    regularizer = made("zclip", params, z=2.0, alpha=0.9, warmup=5)
    generator = torch.Generator().manual_seed(1)
    norms = [1 + 0.1 * torch.randn((), generator=generator).item() for _ in range(12)]
    norms[8] = 9.0
    mean = sum(norms[:5]) / 5
    variance = sum((n - mean) ** 2 for n in norms[:5]) / 5
    for step, norm in enumerate(norms):
        grads = [torch.zeros(4, 3), torch.tensor([norm, 0.0, 0.0, 0.0])]
        wanted = norm
        if step >= 5:
            z = (norm - mean) / math.sqrt(variance)
            wanted = mean + 4.0 / z * math.sqrt(variance) if z > 2 else norm
            mean = 0.9 * mean + 0.1 * wanted
            variance = 0.9 * variance + 0.1 * (wanted - mean) ** 2
        apply(regularizer, params, grads)
        assert grads[1][0].item() == pytest.approx(wanted, rel=1e-4)
    assert regularizer.report()["clipped_steps"] > 0


def test_gradient_noise_has_its_variance_and_depends_on_the_step_alone():
    torch.manual_seed(5)
    params = [torch.nn.Parameter(torch.zeros(200, 200))]
    one, other = (made("gradient_noise", params, strength=0.5, gamma=1.0) for _ in range(2))
    seen = []
    for step in range(3):
        grads = [torch.zeros(200, 200)]
        apply(one, params, grads)
        assert grads[0].var().item() == pytest.approx(0.5 / (1 + step), rel=0.05)
        seen.append(grads[0])
    other.load_state_dict({"step": 2})
    torch.rand(7)
    grads = [torch.zeros(200, 200)]
    apply(other, params, grads)
    assert torch.equal(grads[0], seen[2])
    assert not torch.equal(seen[1] / seen[1].std(), seen[2] / seen[2].std())
    torch.manual_seed(6)
    third, fresh = made("gradient_noise", params, strength=0.5), [torch.zeros(200, 200)]
    apply(third, params, fresh)
    assert not torch.equal(fresh[0], seen[0])


@pytest.mark.parametrize("name", ["clip_norm", "clip_value", "zclip", "agc"])
def test_a_skipped_step_leaves_no_trace(name):
    params, grads = some()
    regularizer = made(name, params)
    apply(regularizer, params, [g.clone() for g in grads])
    before = regularizer.state_dict()
    apply(regularizer, params, [g * float("nan") for g in grads], UP)
    after = regularizer.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
