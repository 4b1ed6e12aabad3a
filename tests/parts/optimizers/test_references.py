"""Fifty steps of every optimizer against its reference implementation, in double precision, to 1e-6.

torch's own are compared with torch.optim; those that torch doesn't have with the package pytorch-optimizer, where it
has the same algorithm. Muon's references iterate in bfloat16, and SOAP's find its bases in single precision: they are
compared with formulas, Muon here and SOAP in `test_soap.py`.
"""

import numpy as np
import pytest
import torch

from optcli.parts import bundled, find
from optcli.parts.optimizers import _direct
from optcli.parts.optimizers.muon import POLYNOMIAL

STEPS = 50
SHAPES = [(6, 4), (4, 4), (4,), (3, 5)]


def start(seed=0):
    numbers = np.random.default_rng(seed)
    return [torch.nn.Parameter(torch.tensor(numbers.normal(size=shape))) for shape in SHAPES]


def gradients(params, t):
    """Of a quadratic bowl, with noise, so that signs change now and then."""
    numbers = np.random.default_rng(100 + t)
    return [0.5 * p.detach() + torch.tensor(numbers.normal(size=p.shape)) for p in params]


def ours(name, weight_decay=0.0, **options):
    part, params = find("optimizer", name), start()
    group = {"params": params, "name": "all", "weight_decay": weight_decay, "lr_scale": 1.0}
    marks = {"hidden": [p.ndim > 1 for p in params], "sparse": [False] * len(params)}
    optimizer = part.build([{**group, **marks}], part.Options(weight_decay=weight_decay, **options), "cpu")
    return params, optimizer


def follow(name, weight_decay=0.0, **options):
    params, optimizer = ours(name, weight_decay, **options)
    step = _direct.stepper(optimizer)
    by_id = {id(p): i for i, p in enumerate(params)}
    for t in range(STEPS):
        grads = gradients(params, t)
        step(1.0, [grads[by_id[id(p)]] for p in step.params])
    return params


def reference(make):
    params = start()
    optimizer = make(params)
    for t in range(STEPS):
        for parameter, grad in zip(params, gradients(params, t), strict=True):
            parameter.grad = grad
        optimizer.step()
    return params


def agree(one, other, rtol=1e-6):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=rtol, atol=1e-6)


def torchs(name, **settings):
    return lambda params: getattr(torch.optim, name)(params, **settings)


TORCH = {
    "adadelta": ({"lr": 1.0, "weight_decay": 0.1, "decay": "l2"}, torchs("Adadelta", weight_decay=0.1)),
    "adafactor": ({}, torchs("Adafactor", eps=(1e-16, 1e-3))),  # torch measures the weights before it decays them
    "adagrad": (
        {"lr_decay": 0.1, "weight_decay": 0.1, "decay": "l2"},
        torchs("Adagrad", lr_decay=0.1, weight_decay=0.1),
    ),
    "adam": ({"amsgrad": True, "weight_decay": 0.1, "decay": "l2"}, torchs("Adam", amsgrad=True, weight_decay=0.1)),
    "adamax": ({"lr": 2e-3, "weight_decay": 0.1, "decay": "l2"}, torchs("Adamax", weight_decay=0.1)),
    "adamw": ({"weight_decay": 0.1}, torchs("AdamW", weight_decay=0.1)),
    "asgd": (
        {"lambd": 0.1, "t0": 10, "weight_decay": 0.1, "decay": "l2"},
        torchs("ASGD", lambd=0.1, t0=10, weight_decay=0.1),
    ),
    "nadam": (
        {"lr": 2e-3, "weight_decay": 0.1},
        torchs("NAdam", lr=2e-3, weight_decay=0.1, decoupled_weight_decay=True),
    ),
    "radam": ({"weight_decay": 0.1}, torchs("RAdam", weight_decay=0.1, decoupled_weight_decay=True)),
    "rmsprop": (
        {"momentum": 0.9, "centered": True, "weight_decay": 0.1, "decay": "l2"},
        torchs("RMSprop", lr=1e-3, momentum=0.9, centered=True, weight_decay=0.1),
    ),
    "rprop": ({}, torchs("Rprop")),
    "sgd": (
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "decay": "l2"},
        torchs("SGD", lr=1e-3, momentum=0.9, nesterov=True, weight_decay=0.1),
    ),
    "sparse_adam": ({}, torchs("Adam")),
}  # fmt: skip


@pytest.mark.parametrize("name", TORCH)
def test_torch_agrees(name):
    options, make = TORCH[name]
    agree(follow(name, **options), reference(make))


def test_plain_rmsprop_agrees():
    agree(follow("rmsprop"), reference(torchs("RMSprop", lr=1e-3)))


def test_asgd_averages_as_torch_does():
    params, optimizer = ours("asgd", t0=10)
    theirs = start()
    other = torch.optim.ASGD(theirs, t0=10)
    for t in range(STEPS):
        for own, its, grad in zip(params, theirs, gradients(params, t), strict=True):
            own.grad = its.grad = grad
        optimizer.step()
        other.step()
    before = [p.detach().clone() for p in params]
    optimizer.eval_mode()
    agree(params, [other.state[p]["ax"] for p in theirs])
    optimizer.train_mode()
    assert all(torch.equal(p, b) for p, b in zip(params, before, strict=True))


def test_sparse_rows_agree():
    params, makers = (
        [torch.nn.Parameter(torch.ones(7, 3, dtype=torch.float64)) for _ in range(2)],
        find("optimizer", "sparse_adam"),
    )
    group = {"params": params[:1], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0, "sparse": [True]}
    own = makers.build([group], makers.Options(lr=0.1), "cpu")
    other = torch.optim.SparseAdam(params[1:], lr=0.1)
    for t in range(STEPS):
        numbers = np.random.default_rng(t)
        rows = torch.tensor(numbers.integers(6, size=(1, 4)))  # the last row is never looked up, others twice
        grad = torch.sparse_coo_tensor(rows, torch.tensor(numbers.normal(size=(4, 3))), (7, 3), check_invariants=True)
        for parameter in params:
            parameter.grad = grad.clone()
        own.step()
        other.step()
    agree(params[:1], params[1:])
    assert torch.equal(params[0][6].detach(), torch.ones(3, dtype=torch.float64))


def bowl(params):
    """A curved valley that has its floor at 1, and its gradients."""
    with torch.enable_grad():
        flat = torch.cat([p.flatten() for p in params])
        loss = ((1 - flat[:-1]) ** 2 + 5 * (flat[1:] - flat[:-1] ** 2) ** 2).mean()
        return loss.detach(), list(torch.autograd.grad(loss, params))


@pytest.mark.parametrize("search", ["strong_wolfe", "none"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_lbfgs_agrees(search, weight_decay):
    rate = 1.0 if search == "strong_wolfe" else 0.05
    params, optimizer = ours("lbfgs", weight_decay, lr=rate, line_search=search, max_iter=4, history=5)
    theirs = start()
    chosen = None if search == "none" else search
    other = torch.optim.LBFGS(theirs, lr=rate, max_iter=4, history_size=5, line_search_fn=chosen)

    def closure():
        loss, grads = bowl(theirs)
        for parameter, grad in zip(theirs, grads, strict=True):
            parameter.grad = grad + weight_decay * parameter.detach()
        return loss + weight_decay / 2 * sum(p.detach().square().sum() for p in theirs)

    step = _direct.stepper(optimizer)
    for _ in range(STEPS):
        loss, grads = bowl(params)
        optimizer.given = loss, lambda: bowl(params)
        step(1.0, grads)
        other.step(closure)
    agree(params, theirs)
    assert bowl(params)[0] < 0.1 * bowl(start())[0]


def zoos(name, **settings):
    package = pytest.importorskip("pytorch_optimizer", reason="needs the extra `zoo`")
    return lambda params: package.load_optimizer(name)(params, **settings)


ZOO = {
    "lion": ({"lr": 1e-3, "weight_decay": 0.1}, "lion", {"lr": 1e-3, "weight_decay": 0.1}),
    "prodigy": ({"d0": 1e-3}, "prodigy", {"lr": 1.0, "d0": 1e-3, "beta3": 0.999**0.5}),
    "schedule_free_adamw": ({"lr": 1e-2}, "schedulefreeadamw", {"lr": 1e-2, "betas": (0.9, 0.999)}),
    "schedule_free_sgd": ({"lr": 1e-2}, "schedulefreesgd", {"lr": 1e-2, "momentum": 0.9}),
}


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_agrees(name):
    options, theirs, settings = ZOO[name]
    agree(follow(name, **options), reference(zoos(theirs, **settings)))


def orthogonal(momentum, rounds):
    first, third, fifth = POLYNOMIAL
    x = momentum / (np.linalg.norm(momentum) + 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = first * x + third * square @ x + fifth * square @ square @ x
    return x * 0.2 * np.sqrt(max(x.shape))


def test_muon_agrees_with_its_formula():
    params = [p.detach().numpy() for p in follow("muon", lr=1e-2, weight_decay=0.1)]
    weights = [p.detach().numpy().copy() for p in start()]
    mean, square, momenta = np.zeros(4), np.zeros(4), [np.zeros(shape) for shape in SHAPES]
    for t in range(STEPS):
        grads = [g.numpy() for g in gradients([torch.tensor(w) for w in weights], t)]
        weights = [w * (1 - 1e-2 * 0.1) for w in weights]
        for i in (0, 1, 3):
            momenta[i] = 0.95 * momenta[i] + 0.05 * grads[i]
            weights[i] = weights[i] - 1e-2 * orthogonal(0.95 * momenta[i] + 0.05 * grads[i], 5)
        mean, square = 0.9 * mean + 0.1 * grads[2], 0.999 * square + 0.001 * grads[2] ** 2
        unbiased = mean / (1 - 0.9 ** (t + 1)), square / (1 - 0.999 ** (t + 1))
        weights[2] = weights[2] - 1e-2 * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    for a, b in zip(params, weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def test_every_optimizer_has_a_reference():
    assert {*TORCH, *ZOO, "lbfgs", "muon", "soap"} == {*bundled("optimizer")}
