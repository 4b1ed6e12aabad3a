"""Means of the weights: against torch's swa_utils."""

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from optcli.parts.regularizers import ema, swa
from optcli.recipe.plan import Plan
from optcli.units import Duration

DOWN, UP = torch.zeros(()), torch.ones(())


@pytest.fixture
def net():
    torch.manual_seed(0)
    return torch.nn.Linear(3, 2)


def moved(net):
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter))


def test_ema_is_torchs_moving_average(net):
    decays = iter([min(0.6, (1 + t) / (10 + t)) for t in range(1, 30)])

    def average(means, params, count):
        keep = next(decays)
        for mean, parameter in zip(means, params, strict=True):
            mean.mul_(keep).add_(parameter, alpha=1 - keep)

    reference = AveragedModel(net, multi_avg_fn=average)
    reference.n_averaged += 1  # it begins with the first weights, as ours does
    made = ema.build(ema.Options(decay=0.6))
    made.on_optimizer(torch.optim.SGD(net.parameters(), lr=0.1))
    for _ in range(20):
        moved(net)
        made.after_update(DOWN)
        reference.update_parameters(net)
    trained = [p.detach().clone() for p in net.parameters()]
    made.eval_mode()
    made.eval_mode()
    for parameter, mean in zip(net.parameters(), reference.module.parameters(), strict=True):
        torch.testing.assert_close(parameter, mean)
    made.train_mode()
    made.train_mode()
    assert all(torch.equal(p, old) for p, old in zip(net.parameters(), trained, strict=True))


def test_swa_is_the_plain_mean_of_the_last_epochs(net):
    made = swa.build(swa.Options(start=Duration(0.5, "share"), every=Duration(2)))
    made.on_optimizer(torch.optim.SGD(net.parameters(), lr=0.1))
    made.on_plan(Plan(10, 5, 2))
    reference = AveragedModel(net)
    for step in range(1, 11):
        moved(net)
        made.after_update(DOWN)
        if step in (6, 8, 10):
            reference.update_parameters(net)
        assert made.active == (step >= 6)
    made.eval_mode()
    for parameter, mean in zip(net.parameters(), reference.module.parameters(), strict=True):
        torch.testing.assert_close(parameter, mean)
    assert made.report() == {"averaged": 3.0}


@pytest.mark.parametrize(
    ("plan", "taken"),
    [(Plan(1000, 100, 10), [800, 900, 1000]), (Plan(100, 100, 1), [100]), (Plan(250, 100, 2.5), [250])],
)
def test_swa_takes_the_last_weights_and_the_ends_of_epochs_before_wherever_it_starts(net, plan, taken):
    made, seen = swa.build(swa.Options()), []
    made.on_optimizer(torch.optim.SGD(net.parameters(), lr=0.1))
    made.on_plan(plan)
    for step in range(1, plan.steps + 1):
        before = made.taken
        made.after_update(DOWN)
        seen += [step] if made.taken > before else []
    assert seen == taken


def test_a_skipped_step_stays_out(net):
    made = ema.build(ema.Options())
    made.on_optimizer(torch.optim.SGD(net.parameters(), lr=0.1))
    before = made.state_dict()["means"]
    moved(net)
    made.after_update(UP)
    assert all(torch.equal(a, b) for a, b in zip(before, made.state_dict()["means"], strict=True))


def test_swa_counts_the_weights_of_steps_that_were_taken_alone(net):
    made = swa.build(swa.Options(start=Duration(1), every=Duration(1)))
    made.on_optimizer(torch.optim.SGD(net.parameters(), lr=0.1))
    made.on_plan(Plan(10, 5, 2))
    moved(net)
    made.after_update(UP)
    assert made.active
    for mean, parameter in zip(made.state_dict()["means"], net.parameters(), strict=True):
        assert torch.equal(mean, parameter)  # and not the weights that training began with
    taken = []
    for up in (DOWN, UP, DOWN, DOWN):
        moved(net)
        made.after_update(up)
        taken += [] if up is UP else [[p.detach().clone() for p in net.parameters()]]
    for mean, *some in zip(made.state_dict()["means"], *taken, strict=True):
        torch.testing.assert_close(mean, torch.stack(some).mean(0))
    assert made.report() == {"averaged": 3.0}
    other = swa.build(swa.Options())
    other.on_optimizer(torch.optim.SGD(net.parameters(), lr=0.1))
    other.load_state_dict(made.state_dict())
    assert other.report() == {"averaged": 3.0}


def test_swa_knows_when_it_never_begins():
    plan = Plan(10, 5, 2)
    assert [path for path, _, _ in swa.check(swa.Options(start=Duration(10)), plan)] == ["start"]
    assert [path for path, _, _ in swa.check(swa.Options(every=Duration(0)), plan)] == ["every"]
    assert swa.check(swa.Options(), plan) == []


def test_ema_tells_how_far_the_weights_are_from_it(net):
    made = ema.build(ema.Options(decay=0.6))
    made.on_optimizer(torch.optim.SGD(net.parameters(), lr=0.1))
    assert made.report() == {}
    made.after_update(DOWN)
    assert made.report() == {"decay": pytest.approx(2 / 11), "distance": 0.0}
    moved(net)
    means = torch.cat([m.flatten() for m in made.state_dict()["means"]])
    now = torch.cat([p.detach().flatten() for p in net.parameters()])
    assert made.report()["distance"] == pytest.approx(((now - means).norm() / means.norm()).item(), rel=1e-5)
