"""Data sets of several inputs a sample, and the models that take them."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import Dataset, TensorDataset

import optcli
from optcli.exits import Failure
from optcli.parts import _arrays, find, forget
from optcli.parts._several import EXACT, Apart, give
from optcli.parts.facts import Facts, Input
from optcli.parts.origin import Misuse
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.train.session import train

INPUTS = (Input("ids", (3,), "int"), Input("mask", (3,), "bool"), Input("age", (), "float"))
ROW = torch.tensor([[7.0, 8.0, 9.0, 1.0, 0.0, 1.0, 0.5]])


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    forget()


def some(n: int):
    rng = np.random.default_rng(n)
    ids, mask = rng.integers(0, 20, (n, 3)), rng.random((n, 3)) < 0.8
    x = {"ids": ids, "mask": mask, "age": rng.normal(size=n)}
    return x, ((ids * mask).sum(1) > 22).astype(int)


def checked(train, val):
    return _arrays.checked((*train, *val), "classification")


def test_they_lie_side_by_side_and_come_apart_again() -> None:
    (x, y, _, _), inputs = checked(some(40), some(10))
    assert (x.shape, x.dtype, y.shape, inputs) == ((40, 7), np.float32, (40,), INPUTS)
    parts = Apart(inputs, "name").parts(torch.from_numpy(x))
    assert {name: part.dtype for name, part in parts.items()} == {
        "ids": torch.int64, "mask": torch.bool, "age": torch.float32
    }  # fmt: skip
    for name, given in some(40)[0].items():
        assert (parts[name].numpy() == given.astype(parts[name].numpy().dtype)).all()


class Net(nn.Module):
    def __init__(self, forward) -> None:
        super().__init__()
        self.forward = forward


@pytest.mark.parametrize(
    ("forward", "seen"),
    [
        (lambda ids, mask, age: (ids, mask, age), "(ids, mask, age)"),
        (lambda age, ids, mask: (ids, mask, age), "(ids, mask, age)"),
        (lambda ids, mask, age=None, more=1: (ids, mask, age), "(ids, mask, age)"),
        (lambda ids, **rest: (ids, rest["mask"], rest["age"]), "(ids, mask, age)"),
        (lambda batch: (batch["ids"], batch["mask"], batch["age"]), "(ids, mask, age)"),
    ],
)
def test_a_dict_reaches_forward_by_name_or_as_a_whole(forward, seen) -> None:
    net = Net(forward)
    give(net, INPUTS)
    ids, mask, age = net(ROW)
    assert (ids.tolist(), mask.tolist(), age.tolist()) == ([[7, 8, 9]], [[True, False, True]], [0.5])


@pytest.mark.parametrize(
    "forward", [lambda a, b: (a, b), lambda a, b=None: (a, b), lambda *both: both, lambda both: both]
)
def test_a_tuple_reaches_forward_by_place_or_as_a_whole(forward) -> None:
    net = Net(forward)
    give(net, (Input("0", (2,), "float"), Input("1", (), "int")))
    a, b = net(torch.tensor([[1.5, 2.5, 3.0]]))
    assert (a.tolist(), b.tolist(), b.dtype) == ([[1.5, 2.5]], [3], torch.int64)


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda ids: ids, r"takes \(ids\), the data gives `ids`, `mask`, `age`"),
        (lambda ids, mask: ids, r"takes \(ids, mask\), the data gives"),
        (lambda x, y: x, r"takes \(x, y\), the data gives"),
    ],
)
def test_a_forward_that_does_not_fit_is_told(forward, message) -> None:
    with pytest.raises(Misuse, match=message):
        give(Net(forward), INPUTS)


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        ({}, {}, "train_x is empty"),
        ({"a": [[1.0]] * 4}, {"b": [[1.0]] * 2}, "train_x has the inputs a, val_x b"),
        (({"a": [[1.0]] * 4}), np.ones((2, 1)), "train_x is a dict of inputs, val_x no such thing"),
        ((np.ones((4, 1)),) * 2, (np.ones((2, 1)),) * 3, "train_x has the inputs 0, 1, val_x 0, 1, 2"),
        ((np.ones((4, 1)),) * 2, np.ones((2, 1)), "train_x is a tuple of inputs, val_x no such thing"),
        (
            {"a": [[1.0]] * 4},
            {"a": [[1.0, 2.0]] * 2},
            r"input `a` is float \(1,\) in training, float \(2,\) in validation",
        ),
        ({"a": [[1.0]] * 4}, {"a": [[1]] * 2}, "input `a` is float .* in training, int"),
        ({"a": [[1.0]] * 4, "b": [[1.0]] * 3}, {"a": [[1.0]] * 2, "b": [[1.0]] * 2}, r"train_x\['b'\] has 3 rows"),
        ({"a": np.ones((0, 3))}, {"a": np.ones((2, 3))}, "it has 0 training inputs but 4 targets"),
        ({"a": [[EXACT + 1]] * 4}, {"a": [[1]] * 2}, r"train_x\['a'\] holds numbers beyond 16,777,216"),
        ({"a": [["x"]] * 4}, {"a": [["x"]] * 2}, r"train_x\['a'\] must hold numbers, not 'x'"),
        ({"a": [[1.0], [1.0, 2.0]]}, {"a": [[1.0]] * 2}, r"train_x\['a'\] is no array: its rows differ in length"),
    ],
)
def test_what_is_no_set_of_inputs_is_told(train, val, message) -> None:
    with pytest.raises(Misuse, match=message):
        checked((train, np.arange(4) % 2), (val, np.arange(2) % 2))


def test_a_language_has_one_row_of_tokens() -> None:
    rows = np.zeros((4, 3), int)
    with pytest.raises(Misuse, match="one array of tokens"):
        _arrays.checked(({"a": rows}, rows, {"a": rows}, rows), "language")


def test_rows_in_a_tuple_stay_one_array() -> None:
    rows = tuple(np.arange(3.0) + i for i in range(4))
    (x, _, _, _), inputs = checked((rows, np.arange(4) % 2), (rows, np.arange(4) % 2))
    assert (x.shape, inputs) == ((4, 3), ())


class Samples(Dataset):
    """Sample i in one of the forms that people write."""

    def __init__(self, n: int, form: str) -> None:
        self.x, self.y, self.form = *some(n), form

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int):
        x, y = {name: torch.as_tensor(a[i]) for name, a in self.x.items()}, int(self.y[i])
        forms = {"dict": {**x, "labels": y}, "pair": (x, y), "tuple": (tuple(x.values()), y)}
        return forms[self.form]


@pytest.mark.parametrize("form", ["dict", "pair", "tuple"])
def test_torch_data_sets_of_several_inputs(form) -> None:
    (x, y, _, _), inputs = _arrays.checked((Samples(12, form), Samples(6, form)), "classification")
    wanted, targets = some(12)
    assert [(one.shape, one.kind) for one in inputs] == [(one.shape, one.kind) for one in INPUTS]
    assert (x[:, :3] == wanted["ids"]).all()
    assert (y == targets).all()
    assert [one.name for one in inputs] == (["ids", "mask", "age"] if form in ("dict", "pair") else ["0", "1", "2"])


def test_a_third_value_is_no_target() -> None:
    """It may be a weight or the sample's number."""
    one = TensorDataset(torch.randn(5, 2), torch.arange(5) % 2, torch.arange(5))
    with pytest.raises(Misuse, match=r"not 3 values: of several inputs make a tuple, \(\(a, b\), target\)"):
        _arrays.checked((one, one), "classification")


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([{"a": [1.0]}], "training sample 0 must be .* have one of the keys labels, "),
        (
            [{"a": [1.0], "y": 1}, {"b": [1.0], "y": 1}],
            "sample 1 has target, input b; sample 0 has target, input a",
        ),
        ([{"a": [1.0], "y": 1}, {"a": [1.0, 2.0], "y": 1}], r"the input a of training sample 1 has shape \(2,\)"),
        ([{"y": 1}], "training sample 0 has no input, only `y`"),
        ([({}, 1)], "the input of training sample 0 must be numbers, not dict"),
        ([{"a": "word", "y": 1}], "the input a of training sample 0 must be numbers, not str"),
    ],
)
def test_samples_that_do_not_fit_are_told(samples, message) -> None:
    made = type("Some", (), {"__len__": lambda s: len(samples), "__getitem__": lambda s, i: samples[i]})()
    with pytest.raises(Misuse, match=message):
        _arrays.checked((made, made), "classification")


def two_inputs() -> None:
    """A data set and a model as a user's file would have them."""

    @optcli.data(task="classification")
    def pairs():
        return *some(240), *some(60)

    @optcli.model
    def both(facts, width: int = 16):
        class Both(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.embedding, self.head = nn.Embedding(20, width), nn.Linear(width + 1, facts.outputs)

            def forward(self, ids, mask, age):
                mean = (self.embedding(ids) * mask[..., None]).mean(1)
                return self.head(torch.cat([mean, age[:, None].to(mean.dtype)], 1))

        assert [one.name for one in facts.inputs] == ["ids", "mask", "age"]
        return Both()


RECIPE = """\
data: {{name: pairs, batch_size: 24}}
model: {{name: {model}}}
optimizer: {{name: adamw, lr: 0.03}}
regularizers: [{more}]
train: {{epochs: 8, precision: {precision}, accumulate: {accumulate}, device: cpu}}
"""


def recipe(model="both", more="", precision="fp32", accumulate=1):
    return loads(RECIPE.format(model=model, more=more, precision=precision, accumulate=accumulate))


@pytest.mark.parametrize(
    ("more", "precision", "accumulate"),
    [("", "fp32", 1), ("ema, r_drop", "bf16", 2), ("sam", "fp64", 2)],
)
def test_a_model_of_several_inputs_learns(tmp_path, more, precision, accumulate) -> None:
    two_inputs()
    done = train(recipe(more=more, precision=precision, accumulate=accumulate), run_dir=tmp_path / "run")
    assert done.summary["best"]["value"] > 0.8


def test_a_failing_batch_is_told_with_the_shapes_of_its_inputs(tmp_path) -> None:
    two_inputs()

    @optcli.model
    def wrong(facts):
        class Wrong(nn.Linear):
            def forward(self, ids, mask, age):
                return super().forward(ids)

        return Wrong(3, facts.outputs)

    with pytest.raises(Failure) as caught:
        train(recipe(model="wrong"), run_dir=tmp_path / "run")
    assert "inputs ids (24, 3), mask (24, 3), age (24), target (24)" in caught.value.help


def test_what_blends_inputs_is_not_for_whole_numbers() -> None:
    two_inputs()
    for more in ("mixup", "input_noise"):
        with pytest.raises(BadRecipe, match="the data gives several"):
            recipe(more=more)
    with pytest.raises(BadRecipe, match=r"`mlp` takes .*the data gives several"):
        recipe(model="mlp")


def test_numbers_alone_go_into_any_model_side_by_side(tmp_path) -> None:
    @optcli.data(task="regression")
    def numbers():
        x = np.random.default_rng(0).normal(size=(300, 4))
        given = {"a": x[:, :1], "b": x[:, 1:]}
        return {k: v[:240] for k, v in given.items()}, x[:240, 0], {k: v[240:] for k, v in given.items()}, x[240:, 0]

    facts = find("data", "numbers").facts(SimpleNamespace(__dataclass_fields__=()), 0)
    assert isinstance(facts, Facts)
    assert facts.shape == (4,)
    text = RECIPE.format(model="mlp", more="mixup", precision="fp32", accumulate=1).replace("pairs", "numbers")
    assert train(loads(text + "loss: mse\n"), run_dir=tmp_path / "run").summary["best"]["value"] > 0.9


def test_an_embedding_of_several_inputs_gets_its_size() -> None:
    optcli.data(task="classification", name="some")(lambda: (*some(40), *some(10)))
    part = find("data", "some")
    assert part.facts(part.Options()).tokens == max(some(40)[0]["ids"].max(), some(10)[0]["ids"].max()) + 1
