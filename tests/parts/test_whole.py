"""Inputs of whole numbers: what own data keep of them, and what reaches which model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

import optcli
from optcli.exits import Failure
from optcli.parts import _arrays, find, forget
from optcli.parts._whole import suit
from optcli.parts.facts import Facts, Input
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.train.session import train

IDS = Facts("classification", 80, 20, (6,), 2, tokens=30)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    forget()


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        (Facts("classification", 9, 9, (5,), 2), ("vector",)),
        (Facts("classification", 9, 9, (1, 5, 5), 2), ("image",)),
        (Facts("language", 9, 9, (5,), 30), ("tokens",)),
        (IDS, ("vector", "tokens")),
        (Facts("classification", 9, 9, (2, 3), 2, tokens=30), ("vector",)),
        (Facts("regression", 9, 9, (5,), 1, tokens=30, pad=0), ("tokens",)),
        (Facts("regression", 9, 9, (5,), 1, inputs=(Input("a", (5,), "int"),)), ("several",)),
        (Facts("regression", 9, 9, (5,), 1, inputs=(Input("a", (5,), "float"),)), ("vector",)),
    ],
)
def test_what_inputs_may_be_taken_for(facts: Facts, kinds: tuple[str, ...]) -> None:
    assert facts.kinds == kinds


@pytest.mark.parametrize(
    ("x", "dtype"),
    [
        (np.arange(8).reshape(4, 2), np.int32),
        (torch.arange(8).view(4, 2), np.int32),
        ([[1, 2], [3, 4], [5, 6], [7, 8]], np.int32),
        (np.arange(4), np.int32),
        (np.arange(8, dtype=np.uint8).reshape(4, 2), np.int32),
        (np.arange(8).reshape(4, 2) + 2**40, np.int64),
        (np.arange(8).reshape(4, 2) - 1, np.float32),
        (np.full((4, 2), 2**64 - 1, np.uint64), np.float32),
        (np.zeros((4, 1, 5, 5), np.uint8), np.float32),
        (np.zeros((4, 2), np.bool_), np.float32),
        (np.zeros((4, 2)), np.float32),
    ],
)
def test_counts_and_ids_stay_whole(x: object, dtype: type) -> None:
    arrays, inputs = _arrays.checked((x, [0, 1, 0, 1], x, [0, 1, 0, 1]), "classification")
    assert (arrays[0].dtype, arrays[2].dtype, inputs) == (dtype, dtype, ())
    assert len(arrays[0].shape) > 1


def test_where_only_one_part_is_whole_both_are_numbers() -> None:
    whole, real = np.arange(8).reshape(4, 2), np.linspace(0, 1, 8).reshape(4, 2)
    arrays, _ = _arrays.checked((whole, np.arange(4), real, np.arange(4)), "regression")
    assert arrays[0].dtype == arrays[2].dtype == np.float32


def test_pairs_of_inputs_and_targets_are_the_two_parts() -> None:
    x, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    arrays, _ = _arrays.checked(((x, y), (x[:2], y[:2])), "classification")
    assert [len(one) for one in arrays] == [4, 4, 2, 2]


def bag(facts: Facts) -> nn.Module:
    return nn.Sequential(nn.Embedding(facts.tokens, 8), nn.Flatten(), nn.Linear(48, facts.outputs))


@pytest.mark.parametrize(
    ("model", "takes", "whole"),
    [
        (bag(IDS), None, True),
        (bag(IDS), ("vector", "image", "tokens", "several"), True),
        (bag(IDS), ("tokens",), True),
        (nn.Linear(6, 2), None, False),
        (nn.Linear(6, 2), ("vector",), False),
        (nn.Linear(6, 2).double(), None, False),
    ],
)
def test_models_get_what_they_compute_with(model: nn.Module, takes: tuple[str, ...] | None, whole: bool) -> None:
    got: list[torch.dtype] = []
    suit(model, IDS, takes)
    model.register_forward_pre_hook(lambda module, given: got.append(given[0].dtype))
    assert model.training
    assert model(torch.ones(3, 6, dtype=torch.int64)).shape == (3, 2)
    weight = next(model.parameters()).dtype
    assert got == [torch.int64 if whole else weight]


def ids(n: int = 100) -> tuple[np.ndarray, ...]:
    x = np.random.default_rng(0).integers(0, 30, (n, 6))
    y = (x < 4).any(1).astype(int)
    return x[:80], y[:80], x[80:], y[80:]


def recipe(model: str, *more: str):
    optcli.data(task="classification", name="ids")(ids)
    return loads(
        f"data: {{name: ids, batch_size: 16}}\nmodel: {model}\ntrain: {{steps: 4, device: cpu}}", overrides=more
    )


@pytest.mark.parametrize("model", ["own", "lazy", "mlp", "linear", "rnn", "gpt", "tabular_transformer"])
def test_any_model_trains_on_them(model: str, tmp_path) -> None:
    optcli.model(name="own")(bag)

    @optcli.model(name="lazy")
    def lazy(facts: Facts) -> nn.Module:
        return nn.Sequential(nn.Embedding(facts.tokens, 8), nn.Flatten(), nn.LazyLinear(facts.outputs))

    done = train(recipe(model), run_dir=tmp_path / "run")
    assert done.path.joinpath("summary.json").exists()


def test_what_blends_inputs_is_not_for_models_that_index(tmp_path) -> None:
    with pytest.raises(BadRecipe, match="`mixup` is for image and vector inputs, the data gives tokens"):
        recipe("rnn", "regularizers.mixup={}")
    optcli.model(name="own")(bag)
    assert recipe("own", "regularizers.embedding_noise={}").regularizers[0].name == "embedding_noise"
    with pytest.raises(Failure, match="Long, Int"):
        train(recipe("own", "regularizers.mixup={}"), run_dir=tmp_path / "run")


def test_noise_makes_numbers_of_them(tmp_path) -> None:
    done = train(recipe("mlp", "regularizers.input_noise={}"), run_dir=tmp_path / "run")
    assert done.path.joinpath("summary.json").exists()


def test_their_reconstruction_is_one_of_numbers(tmp_path) -> None:
    done = train(recipe("autoencoder", "data.reconstruct=true"), run_dir=tmp_path / "run")
    assert done.path.joinpath("summary.json").exists()
    with pytest.raises(ValueError, match="tokens can't be reconstructed"):
        Facts("classification", 9, 9, (5,), 2, tokens=30, pad=0).reconstruction()


def test_a_text_that_is_classified_gets_a_model_of_texts(tmp_path) -> None:
    x, y, _, _ = ids()
    np.savez(tmp_path / "t.npz", x=x, y=y)
    made = loads(f"data: {{name: arrays, file: '{tmp_path}/t.npz', pad: 0}}")
    assert (made.model.name, made.loss.name, find("model", "gpt").TAKES) == ("gpt", "cross_entropy", {"tokens"})
    with pytest.raises(BadRecipe, match="`mlp` takes image or vector, the data gives tokens"):
        loads(f"data: {{name: arrays, file: '{tmp_path}/t.npz', pad: 0}}\nmodel: mlp")
