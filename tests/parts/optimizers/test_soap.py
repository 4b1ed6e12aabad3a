"""SOAP against its algorithm, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from optcli.parts import find


def by_hand(w, g, memory, t, lr, decay, o):
    """The paper's algorithm in the basis itself; vectors are Adam's. The first gradient is only looked at."""
    b1, b2 = o.betas
    if o.decay == "l2":
        g = g + decay * w
    else:
        w = w * (1 - lr * decay)
    if w.ndim == 1:
        if t == 1:
            memory.m, memory.v = np.zeros_like(w), np.zeros_like(w)
        memory.m, memory.v = b1 * memory.m + (1 - b1) * g, b2 * memory.v + (1 - b2) * g * g
        return w - lr * memory.m / (1 - b1**t) / (np.sqrt(memory.v / (1 - b2**t)) + o.eps)
    if t == 1:
        memory.m, memory.v = np.zeros_like(w), np.zeros_like(w)
        memory.factors = [(1 - b2) * g @ g.T, (1 - b2) * g.T @ g]
        memory.bases = [np.linalg.eigh(f)[1][:, ::-1] for f in memory.factors]
        return w
    left, right = memory.bases
    memory.m = b1 * memory.m + (1 - b1) * g
    memory.v = b2 * memory.v + (1 - b2) * (left.T @ g @ right) ** 2
    n = t - 1
    step = left.T @ memory.m @ right / (1 - b1**n) / (np.sqrt(memory.v / (1 - b2**n)) + o.eps)
    memory.factors = [b2 * f + (1 - b2) * p for f, p in zip(memory.factors, (g @ g.T, g.T @ g), strict=True)]
    if n % o.every == 0:
        for axis in (0, 1):
            factor, basis = memory.factors[axis], memory.bases[axis]
            order = np.argsort(-np.diag(basis.T @ factor @ basis))
            memory.v = np.take(memory.v, order, axis)
            memory.bases[axis] = np.linalg.qr(factor @ basis[:, order])[0]
    return w - lr * left @ step @ right.T


@pytest.mark.parametrize("decay", ["decoupled", "l2"])
@pytest.mark.parametrize("every", [1, 2, 10])
def test_follows_the_algorithm(agrees, every, decay):
    agrees("soap", by_hand, rtol=2e-4, lr=0.05, weight_decay=0.1, decay=decay, every=every)


def test_fifty_steps_agree_in_double_precision():
    """A square matrix: the gradients of others leave part of a basis to chance."""
    matrix = torch.nn.Parameter(torch.tensor(np.random.default_rng(99).normal(size=(4, 4))))
    weight, memory = matrix.detach().numpy().copy(), SimpleNamespace()
    part = find("optimizer", "soap")
    group = {"params": [matrix], "name": "all", "weight_decay": 0.1, "lr_scale": 1.0}
    optimizer = part.build([group], part.Options(lr=1e-2), "cpu")
    for t in range(50):
        grad = 0.5 * weight + np.random.default_rng(t).normal(size=(4, 4))
        matrix.grad = torch.tensor(grad)
        optimizer.step()
        weight = by_hand(weight, grad, memory, t + 1, 1e-2, 0.1, part.Options())
    np.testing.assert_allclose(matrix.detach().numpy(), weight, rtol=1e-6, atol=1e-6)


def built(*shapes, **options):
    torch.manual_seed(0)
    params, part = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes], find("optimizer", "soap")
    groups = [{"params": params, "name": "all", "weight_decay": 0.0, "lr_scale": 1.0, "hidden": [True] * len(params)}]
    return params, part.build(groups, part.Options(**options), "cpu")


def test_filters_count_as_matrices_and_long_sides_stay():
    (conv, wide), optimizer = built((4, 2, 3, 3), (3, 9), largest=8)
    for _ in range(3):
        for parameter in (conv, wide):
            parameter.grad = torch.randn_like(parameter)
        optimizer.step()
    assert optimizer.state[conv]["left"].shape == (4, 4)
    assert optimizer.state[conv]["right"].shape == (0, 0)
    assert optimizer.state[wide]["left_basis"].shape == (3, 3)
    assert optimizer.state[wide]["right_basis"].numel() == 0
    assert conv.isfinite().all()


def test_bases_stay_orthogonal():
    (matrix,), optimizer = built((6, 5), every=2)
    for _ in range(25):
        matrix.grad = torch.randn_like(matrix)
        optimizer.step()
    for side in ("left_basis", "right_basis"):
        basis = optimizer.state[matrix][side]
        torch.testing.assert_close(basis.mT @ basis, torch.eye(len(basis)), atol=1e-5, rtol=0)


def test_gradients_of_zero_do_no_harm():
    (matrix,), optimizer = built((4, 3), every=2)
    before = matrix.detach().clone()
    for _ in range(5):
        matrix.grad = torch.zeros_like(matrix)
        optimizer.step()
    assert torch.equal(matrix.detach(), before)


def test_what_is_not_finite_never_gets_to_the_eigenvectors():
    """Where the host doesn't know that the step is to be skipped, as on a GPU."""
    torch.manual_seed(0)
    part, weights = find("optimizer", "soap"), torch.nn.Parameter(torch.randn(4, 3))
    group = {"params": [weights], "name": "all", "weight_decay": 0.1, "lr_scale": 1.0, "hidden": [True]}
    optimizer, before = part.build([group], part.Options(), "cpu"), weights.detach().clone()
    (params, state), own = optimizer._bound[0], optimizer.param_groups[0]
    with torch.no_grad():
        optimizer._take([(params, [torch.full((4, 3), torch.nan)], state, own)], [0.1], torch.ones(()))
    assert torch.equal(weights, before)
    for _ in range(12):  # the basis of the first refresh on is the gradients' own all the same
        optimizer.advance([0.1], [torch.randn(4, 3)])
    assert all(tensor.isfinite().all() for tensor in optimizer.state[weights].values())
    assert not torch.equal(optimizer.state[weights]["left_basis"], torch.eye(4))


def test_channels_last_in_memory_take_the_same_steps():
    part = find("optimizer", "soap")
    weights = []
    for layout in (torch.contiguous_format, torch.channels_last):
        draw = torch.Generator().manual_seed(0)
        start = torch.randn(6, 3, 3, 3, generator=draw, dtype=torch.float64).contiguous(memory_format=layout)
        parameter = torch.nn.Parameter(start.clone())
        group = {"params": [parameter], "name": "all", "weight_decay": 0.01, "lr_scale": 1.0}
        optimizer = part.build([group], part.Options(lr=0.01, every=2), "cpu")
        for _ in range(12):
            grad = torch.randn(6, 3, 3, 3, generator=draw, dtype=torch.float64)
            optimizer.advance([0.01], [grad.contiguous(memory_format=layout)])
        weights.append(parameter.detach())
    torch.testing.assert_close(*weights, rtol=1e-9, atol=1e-12)
    assert not torch.equal(weights[0], start)
