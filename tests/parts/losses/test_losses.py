"""Losses against their formulas, and what an untrained net has."""

import math

import pytest
import torch
from torch.nn import functional as F

from optcli.parts import find
from optcli.parts.facts import Facts


def built(name, **options):
    part = find("loss", name)
    return part.build(part.Options(**options))


def test_cross_entropy_by_hand():
    output = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    wanted = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(1))) / 2
    assert built("cross_entropy")(output, torch.tensor([0, 0])).item() == pytest.approx(wanted)


def test_bce_of_pixels_is_one_against_all_in_the_axis_of_the_classes():
    for size in (4, 3):  # as many columns as classes, too
        output, target = torch.randn(2, 3, 5, size), torch.randint(3, (2, 5, size))
        wanted = F.binary_cross_entropy_with_logits(output, F.one_hot(target, 3).movedim(-1, 1).float())
        torch.testing.assert_close(built("bce")(output, target), wanted)
        one = built("cross_entropy")(output, target), F.cross_entropy(output, target)
        torch.testing.assert_close(*one)


def test_cross_entropy_of_text_is_the_mean_over_positions():
    output, target = torch.randn(2, 3, 5), torch.randint(5, (2, 3))
    rows = [F.cross_entropy(output[i, j][None], target[i, j][None]) for i in range(2) for j in range(3)]
    torch.testing.assert_close(built("cross_entropy")(output, target), torch.stack(rows).mean())


def test_mse_by_hand():
    assert built("mse")(torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [1.0]])).item() == 2.5


def test_targets_without_a_second_axis_are_not_broadcast():
    output, target = torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0])
    assert built("mse")(output, target).item() == 2.5
    assert built("huber")(output, target).item() == pytest.approx((0.5 + 1.5) / 2)


def test_targets_of_another_size_are_refused():
    with pytest.raises(RuntimeError, match="shape"):
        built("mse")(torch.zeros(2, 1), torch.zeros(3))


def test_huber_turns_linear_at_delta():
    loss = built("huber", delta=2.0)
    assert loss(torch.tensor([[1.0]]), torch.tensor([[0.0]])).item() == 0.5
    assert loss(torch.tensor([[5.0]]), torch.tensor([[0.0]])).item() == 2 * (5 - 1)


def test_bce_takes_class_numbers_and_flags():
    output = torch.randn(4, 3)
    numbers, flags = torch.tensor([0, 2, 1, 1]), torch.tensor([[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]])
    wanted = F.binary_cross_entropy_with_logits(output, flags.float())
    torch.testing.assert_close(built("bce")(output, numbers), wanted)
    torch.testing.assert_close(built("bce")(output, flags), wanted)


@pytest.mark.parametrize(
    ("name", "facts", "output", "target"),
    [
        ("cross_entropy", Facts("classification", 9, 9, (2,), 7), torch.zeros(5, 7), torch.arange(5)),
        ("cross_entropy", Facts("language", 9, 9, (2,), 7), torch.zeros(5, 2, 7), torch.zeros(5, 2, dtype=torch.long)),
        ("bce", Facts("classification", 9, 9, (2,), 3), torch.zeros(5, 3), torch.tensor([0, 1, 2, 0, 1])),
        (
            "mse",
            Facts("regression", 9, 9, (2,), 1, 1.25),
            torch.full((4, 1), 2.5),
            torch.arange(1.0, 5.0),
        ),
    ],
)
def test_at_init_is_the_loss_of_a_net_that_knows_nothing(name, facts, output, target):
    part = find("loss", name)
    assert part.build(part.Options())(output, target).item() == pytest.approx(part.at_init(facts), rel=1e-6)


def test_at_init_is_none_where_it_can_not_be_said():
    assert find("loss", "huber").at_init(Facts("regression", 9, 9, (2,), 1, 1.25)) is None
    assert find("loss", "mse").at_init(Facts("regression", 9, 9, (2,), 1)) is None
