"""Data from whose targets nothing can be learned is refused before a model is built."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import optcli
from optcli import parts
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe

X = np.arange(60, dtype="float32").reshape(20, 3)
TOKENS = np.arange(60).reshape(20, 3)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    parts.forget()


def own(task: Any, train_y: Any, val_y: Any, x: Any = X) -> None:
    optcli.data(task=task, name="mine")(lambda: (x, train_y, x, val_y))


def told(text: str) -> list[tuple[str, str]]:
    with pytest.raises(BadRecipe) as caught:
        loads(text)
    return [(p.message, p.help) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("task", "train_y", "val_y", "x", "message"),
    [
        ("classification", np.zeros(20), np.arange(20) % 2, X, "all training labels are 0"),
        ("classification", np.full(20, 3), np.full(20, 3), X, "all training labels are 3"),
        ("regression", np.full(20, 2.5), np.arange(20), X, "all training targets are 2.5"),
        ("regression", [[1, 2]] * 20, [[1, 2]] * 20, X, "all training targets are 1, 2"),
        ("language", TOKENS * 0 + 7, TOKENS, TOKENS, "all training tokens to foretell are 7"),
    ],
)
def test_targets_that_never_change(task: str, train_y: Any, val_y: Any, x: Any, message: str) -> None:
    own(task, train_y, val_y, x)
    assert told("data: {name: mine, batch_size: 4}\n") == [
        (f"there is nothing to learn: {message}", "choose another target")
    ]


@pytest.mark.parametrize(
    ("task", "train_y", "x"),
    [
        ("classification", np.arange(20) == 0, X),
        ("regression", np.arange(20) == 0, X),
        ("regression", np.full(20, np.nan), X),
        ("regression", np.ones(1), X[:1]),
    ],
)
def test_targets_that_change_once(task: str, train_y: Any, x: Any) -> None:
    own(task, train_y, train_y, x)
    assert loads("data: {name: mine, batch_size: 1}\n").facts.alike == ""


def test_inputs_to_reconstruct_need_no_targets() -> None:
    own("classification", np.zeros(20), np.zeros(20))
    recipe = loads("data: {name: mine, batch_size: 4, reconstruct: true}\nmodel: autoencoder\n")
    assert (recipe.facts.task, recipe.facts.alike) == ("regression", "")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2001], "the labels reach 2,001, but there are 20 training samples: they look like ids"),
        ([0, 10**9], "the labels reach 1,000,000,000, but there are 20 training samples: they look like ids"),
    ],
)
def test_labels_that_are_ids(labels: list[int], message: str) -> None:
    y = np.array(labels * 10)
    own("classification", y, y)
    assert [m for m, _ in told("data: {name: mine, batch_size: 4}\n")] == [message]
    assert "return_inverse=True" in told("data: {name: mine, batch_size: 4}\n")[0][1]


def test_tokens_that_are_ids() -> None:
    own("language", TOKENS * 10**6, TOKENS * 10**6, TOKENS)
    message = "the tokens reach 59,000,000, but there are 60 tokens: they look like ids"
    assert [m for m, _ in told("data: {name: mine, batch_size: 4}\n")] == [message]


def test_few_samples_of_many_classes_are_noted() -> None:
    y = np.array([0, 1999] * 10)
    own("classification", y, y)
    recipe = loads("data: {name: mine, batch_size: 4}\n")
    notes = parts.find("data", "mine").load(recipe.data.options, 0).notes
    assert "1,998 of 2,000 classes have no training sample: are the labels ids?" in notes
    own("classification", np.arange(20) % 10, np.arange(20) % 10)
    assert not any("ids" in note for note in parts.find("data", "mine").load(recipe.data.options, 0).notes)


@pytest.mark.parametrize(("name", "fits"), [("augment", False), ("cutmix", False), ("mixup", True), ("dropout", True)])
def test_pictures_do_not_move_away_from_the_labels_of_their_pixels(name: str, fits: bool) -> None:
    masks = np.arange(20 * 16).reshape(20, 4, 4) % 3
    own("classification", masks, masks, np.zeros((20, 1, 4, 4), "float32"))
    text = f"data: {{name: mine, batch_size: 4}}\nmodel: cnn\nregularizers: [{name}]\n"
    if fits:
        assert loads(text)
    else:
        assert told(text)[0][0] == f"`{name}` changes pictures, but not the labels of their pixels"
