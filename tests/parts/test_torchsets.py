"""torch's data sets and loaders as data of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

import optcli
from optcli.parts import _arrays, find, forget
from optcli.parts._torchsets import ONCE, arrays, changes, is_one
from optcli.parts.origin import Misuse


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    forget()


class Rows(Dataset):
    """Sample i is filled with i, its label i modulo 3."""

    def __init__(self, n: int, transform=None, odd=None) -> None:
        self.n, self.transform, self.odd = n, transform, odd

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int):
        x = torch.full((2, 4), float(i))
        if i == 2 and self.odd is not None:
            return self.odd
        return x if self.transform is None else self.transform(x), i % 3


@pytest.mark.parametrize(
    "made", [Rows(6), DataLoader(Rows(6), batch_size=4, shuffle=True, drop_last=True), Subset(Rows(9), range(6))]
)
def test_samples_come_in_order_and_all_of_them(made) -> None:
    x, y = arrays(made, "training")
    assert x.shape == (6, 2, 4)
    assert x[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert y.tolist() == [0, 1, 2, 0, 1, 2]


def test_tensors_are_taken_as_they_are() -> None:
    x, y = torch.randn(5, 3), torch.arange(5)
    assert arrays(TensorDataset(x, y), "training") == (x, y)


def test_a_whole_number_first_makes_no_whole_numbers_of_the_rest() -> None:
    _, y = arrays(Rows(4, odd=(torch.zeros(2, 4), 0.5)), "training")
    assert y.tolist() == [0, 1, 0.5, 0]


@pytest.mark.parametrize("made", [np.zeros(3), torch.zeros(3), [1, 2], (1, 2), {"x": 1}, "text", 3, None, Rows])
def test_what_is_no_data_set(made) -> None:
    assert not is_one(made)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (Rows(0), "it has no training samples"),
        (Rows(4, odd=(1, 2, 3)), r"training sample 2 must be \(input, target\), not 3 values"),
        (Rows(4, odd={"x": 1}), r"training sample 2 must be \(input, target\), or have one of the keys labels, label"),
        (
            Rows(4, odd=(SimpleNamespace(getbands=len), 1)),
            "sample 2 is a PIL image: let its transform end with ToTensor",
        ),
        (Rows(4, odd=("a.png", 1)), "the input of training sample 2 must be numbers, not str"),
        (
            Rows(4, odd=(torch.zeros(2, 5), 1)),
            r"input of training sample 2 has shape \(2, 5\), that of sample 0 \(2, 4\)",
        ),
    ],
)
def test_what_is_wrong_with_a_sample_is_told(made, told: str) -> None:
    with pytest.raises(Misuse, match=told):
        arrays(made, "training")


def test_two_of_them_are_data_and_one_that_changes_is_told_of() -> None:
    optcli.data(task="classification", name="two_sets")(lambda: (DataLoader(Rows(9, lambda x: x)), Rows(3)))
    part = find("data", "two_sets")
    facts = part.facts(part.Options())
    assert (facts.train, facts.val, facts.shape, facts.outputs) == (9, 3, (2, 4), 3)
    assert ONCE in part.load(part.Options(), 0).notes


def test_only_a_transform_says_that_samples_change() -> None:
    assert changes(Subset(Rows(9, lambda x: x), range(3)))
    assert not changes(Subset(Rows(9), range(3)))
    assert _arrays.notes((np.zeros(2),) * 4) == ()
    assert _arrays.notes(None) == ()
