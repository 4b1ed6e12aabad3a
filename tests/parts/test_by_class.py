"""Where the classes are in what a model gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import optcli
from optcli.parts import find, forget
from optcli.parts._by_class import by_class
from optcli.parts.facts import Facts
from optcli.parts.losses import cross_entropy as part
from optcli.parts.metrics import accuracy
from optcli.parts.origin import Misuse


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    forget()


@pytest.mark.parametrize("size", [(2, 3, 5), (2, 4, 4), (3, 7)])
def test_labels_of_pixels_have_their_classes_on_the_second_axis(size) -> None:
    torch.manual_seed(0)
    output, target = torch.randn(size[0], 4, *size[1:]), torch.randint(4, size)
    if target.ndim == 2:  # of a text the classes are last
        output = output.movedim(1, -1)
    logits, labels = by_class(output, target)
    assert logits.shape == (target.numel(), 4)
    axis = 1 if target.ndim > 2 else 2
    wanted = cross_entropy(output.movedim(axis, 1), target)
    torch.testing.assert_close(cross_entropy(logits, labels), wanted)
    torch.testing.assert_close(part.build(part.Options())(output, target), wanted)
    right = (output.argmax(axis) == target).sum()
    assert accuracy.update(output, target).tolist() == [right, target.numel()]


def test_labels_of_positions_may_have_their_classes_on_either_axis() -> None:
    torch.manual_seed(0)
    output, target = torch.randn(2, 7, 4), torch.randint(4, (2, 7))
    target[0, 3:] = target[1, 5] = -100
    wanted = cross_entropy(output.movedim(2, 1), target)
    right = ((output.argmax(2) == target) & (target >= 0)).sum()
    for given in (output, output.movedim(2, 1)):
        torch.testing.assert_close(part.build(part.Options())(given, target), wanted)
        assert accuracy.update(given, target).tolist() == [right, 9]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([[1, 2, -100], [0, 0, 1]], ""),
        ([[1, 2, -1], [0, 0, 1]], "must hold labels 0, 1, 2, ..., or -100 where there is none, not -1"),
        ([[1, 0, 0], [0, 0, 1]], "`train_y.argmax(1)` of one-hot rows; where several apply, the task is multilabel"),
        ([0, -100], "must hold labels 0, 1, 2, ..., not -100"),
    ],
)
def test_labels_of_tokens_are_data(labels, told: str) -> None:
    y = np.array(labels)
    optcli.data(task="classification", name="tags")(lambda: (np.arange(6).reshape(2, 3), y, np.ones((2, 3), int), y))
    made = find("data", "tags")
    if told:
        with pytest.raises(Misuse, match=re.escape(told)):
            made.facts(made.Options())
        return
    facts, loaded = made.facts(made.Options()), made.load(made.Options(), 0)
    assert (facts.outputs, facts.dense, facts.kinds) == (3, True, ("vector", "tokens"))
    assert loaded.train_y.tolist() == labels
    assert not any("no training sample" in note for note in loaded.notes)


@pytest.mark.parametrize("name", ["gpt", "rnn"])
def test_models_of_tokens_tell_each_its_class(name: str) -> None:
    facts = Facts("classification", 8, 4, (6,), 3, dense=True, tokens=9)
    module = find("model", name)
    net = module.build(module.Options(), facts)
    assert net(torch.randint(9, (2, 6))).shape == (2, 6, 3)
    whole = module.build(module.Options(), replace(facts, dense=False))
    assert whole(torch.randint(9, (2, 6))).shape == (2, 3)


def test_one_label_a_sample_stays_as_it_is() -> None:
    output, target = torch.randn(5, 3), torch.arange(5) % 3
    assert by_class(output, target) == (output, target)


@pytest.mark.parametrize("axis", [False, True])
def test_masks_are_data(axis: bool) -> None:
    masks = (np.arange(6 * 4 * 4).reshape(6, 4, 4) // 7) % 3
    y = masks[:, None] if axis else masks
    optcli.data(task="classification", name=f"masks{axis}")(
        lambda: (np.zeros((6, 1, 4, 4)), y, np.ones((6, 1, 4, 4)), y)
    )
    made = find("data", f"masks{axis}")
    facts = made.facts(made.Options())
    assert (facts.outputs, facts.dense) == (3, True)
    assert not facts.reconstruction().dense
    assert made.load(made.Options(), 0).train_y.tolist() == masks.tolist()


def test_a_class_that_only_masks_of_validation_hold_is_counted_by_samples() -> None:
    y = np.zeros((4, 3, 3), np.int64)
    other = y.copy()
    other[0] = 1
    y[1, 0, 0] = 2
    optcli.data(task="classification", name="strange_masks")(
        lambda: (np.zeros((4, 1, 3, 3)), y, np.ones((4, 1, 3, 3)), other)
    )
    made = find("data", "strange_masks")
    assert "but 1 of 4 validation samples are" in " ".join(made.load(made.Options(), 0).notes)
