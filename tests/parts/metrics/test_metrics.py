"""Metrics against their definitions."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from optcli.parts import UnknownPart, find
from optcli.parts.metrics import role, sign


def value(name, output, target):
    part = find("metric", name)
    return part.compute(part.update(output, target).tolist())


OUTPUT = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 0.5], [0.0, 0.0, 1.0]])


def test_accuracy_of_classes_and_of_positions():
    assert value("accuracy", OUTPUT, torch.tensor([0, 1, 1, 2])) == 0.75
    assert value("accuracy", OUTPUT.view(2, 2, 3), torch.tensor([[0, 0], [0, 0]])) == 0.5


def test_accuracy_of_several_labels_is_the_share_of_right_answers():
    yes = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 0.0, 1.0]])
    assert value("accuracy", OUTPUT, yes) == pytest.approx(10 / 12)


def test_accuracy_of_one_position_is_that_of_the_sample():
    assert value("accuracy", OUTPUT[:, None], torch.tensor([0, 1, 1, 2])) == 0.75


def test_errors_of_regression():
    output, target = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([[1.0], [0.0], [3.0]])
    assert value("rmse", output, target) == pytest.approx(math.sqrt(5 / 3))
    assert value("mae", output, target) == pytest.approx(1.0)
    wanted = target.numpy()
    assert value("r2", output, target) == pytest.approx(1 - 5 / ((wanted - wanted.mean()) ** 2).sum())


def test_targets_without_a_second_axis_are_not_broadcast():
    output, target = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([1.0, 0.0, 3.0])
    for name in ("rmse", "mae", "r2"):
        assert value(name, output, target) == value(name, output, target[:, None])


def test_r2_of_equal_targets_is_not_a_number():
    assert math.isnan(value("r2", torch.zeros(3, 1), torch.ones(3, 1)))
    part, sums = find("metric", "r2"), torch.zeros(4, dtype=torch.float64)
    for batch in torch.full((100_000, 1), 123.456).split(64):  # rounding leaves a spread
        sums += part.update(torch.zeros_like(batch), batch)
    assert math.isnan(part.compute(sums.tolist()))


def test_likelihoods():
    output, target = torch.randn(2, 5, 4), torch.randint(4, (2, 5))
    nats = F.cross_entropy(output.view(10, 4), target.view(10)).item()
    assert value("perplexity", output, target) == pytest.approx(math.exp(nats))
    assert value("bits_per_char", output, target) == pytest.approx(nats / math.log(2))


def test_perplexity_overflows_to_infinity():
    assert find("metric", "perplexity").compute([1e6, 1.0]) == math.inf
    assert math.isnan(find("metric", "perplexity").compute([math.nan, 1.0]))


def test_half_precision_is_summed_in_double():
    sums = find("metric", "accuracy").update(torch.zeros(4000, 2, dtype=torch.float16), torch.zeros(4000).long())
    assert sums.dtype == torch.float64
    assert sums.tolist() == [4000.0, 4000.0]


def test_r2_is_that_of_numpy_on_many_values():
    numbers = np.random.default_rng(0)
    target = numbers.normal(size=(500, 2)) + 3
    output = target + 0.5 * numbers.normal(size=(500, 2))
    wanted = 1 - ((output - target) ** 2).sum() / ((target - target.mean()) ** 2).sum()
    assert value("r2", torch.tensor(output), torch.tensor(target)) == pytest.approx(wanted)


def test_direction():
    assert (sign("loss"), sign("val/loss"), sign("rmse"), sign("val/accuracy")) == (1, 1, 1, -1)
    assert (sign("anything", "max"), sign("accuracy", "min")) == (-1, 1)
    with pytest.raises(UnknownPart):
        sign("anything")


def test_role():
    assert (role("accuracy"), role("train/loss")) == ("val/accuracy", "train/loss")
