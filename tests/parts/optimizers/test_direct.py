"""The direct step: equal to torch's own bit for bit, in every situation that torch handles."""

import copy

import pytest
import torch

from optcli.parts.optimizers import _direct

FUSED = [
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "decay": "l2"}),
    ("adam", {"lr": 0.05}),
    ("adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1}),
    ("adamw", {"lr": 0.05}),
]
every = pytest.mark.parametrize(("name", "options"), FUSED, ids=str)


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.snapshot(), other.snapshot(), strict=True))


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_is_torch_s_step_bit_for_bit(problem, name, options, dtype):
    direct, plain = problem(name, dtype=dtype, **options), problem(name, dtype=dtype, **options)
    assert type(direct.step) is _direct._Direct
    direct.go(range(6))
    plain.go(range(6), direct=False)
    assert equal(direct, plain)


@every
def test_steps_of_both_kinds_mix(problem, name, options):
    mixed, plain = problem(name, **options), problem(name, **options)
    for t in range(6):
        mixed.go(range(t, t + 1), direct=t % 2 == 0)
    plain.go(range(6), direct=False)
    assert equal(mixed, plain)


@every
def test_parameters_without_a_gradient_stay(problem, name, options):
    direct, plain = problem(name, **options), problem(name, **options)
    for made, step in ((direct, direct.step), (plain, _direct.Step(plain.optimizer))):
        made.go(range(2), direct=made is direct)
        made.params[0].grad = None
        step(0.5)
        made.go(range(3, 6), direct=made is direct)
    assert equal(direct, plain)


@every
def test_gradients_may_be_handed_over(problem, name, options):
    given, own = problem(name, **options), problem(name, **options)
    for t, factor in enumerate((1.0, 0.5, 0.9)):
        given.step(factor, given.grads(t))
    own.go(range(3))
    assert equal(given, own)


@every
def test_a_loaded_state_is_noticed(problem, name, options):
    made, fresh = problem(name, **options), problem(name, **options)
    made.go(range(3))
    fresh.optimizer.load_state_dict(copy.deepcopy(made.optimizer.state_dict()))
    with torch.no_grad():
        for new, old in zip(fresh.params, made.params, strict=True):
            new.copy_(old)
    made.go(range(3, 6))
    fresh.go(range(3, 6))
    assert equal(made, fresh)


@every
def test_a_rate_on_the_device_is_the_same_rate(problem, name, options):
    numbers, tensors = problem(name, **options), problem(name, **options)
    for t, factor in enumerate((1.0, 0.5)):
        numbers.step(factor, numbers.grads(t))
        tensors.step(torch.tensor(factor, dtype=torch.float64), tensors.grads(t))
    assert all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(numbers.params, tensors.params, strict=True))


def test_groups_tell_their_rate(problem):
    made = problem("adam", lr=0.05)
    made.step(0.5, made.grads(0))
    assert [group["lr"] for group in made.optimizer.param_groups] == [0.025, 0.025]


def test_what_has_no_kernel_steps_by_torch():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adadelta([{"params": [parameter], "initial_lr": 1.0}], lr=1.0)
    assert _direct.direct(optimizer) is None
    parameter.grad = torch.ones(2)
    _direct.stepper(optimizer)(1.0)
    assert (parameter < 1).all()


def test_groups_of_mixed_types_step_by_torch():
    params = [torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2, dtype=torch.float64))]
    assert _direct.direct(torch.optim.Adam(params, fused=True)) is None


def test_a_group_without_gradients_keeps_its_count():
    """Step counts of all groups lie in one tensor."""
    torch.manual_seed(0)
    start = [torch.randn(4), torch.randn(3), torch.randn(2)]

    def made():
        params = [p.clone().requires_grad_() for p in start]
        groups = [{"params": params[:2], "weight_decay": 0.1}, {"params": params[2:]}]
        optimizer = torch.optim.AdamW(groups, lr=0.1, fused=True)
        for group in optimizer.param_groups:
            group["initial_lr"] = 0.1
        return params, optimizer

    (one, mine), (other, torchs) = made(), made()
    step = _direct.stepper(mine)
    for gone in ((), (2,), (0, 1), ()):
        for params in (one, other):
            for number, parameter in enumerate(params):
                parameter.grad = None if number in gone else torch.ones_like(parameter)
        step(1.0)
        torchs.step()
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    counts = [[float(o.state[p]["step"]) for p in params] for o, params in ((mine, one), (torchs, other))]
    assert counts == [[3.0, 3.0, 3.0]] * 2
    assert len({mine.state[p]["step"].untyped_storage().data_ptr() for p in one}) == 1
