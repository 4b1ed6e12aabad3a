"""Reading a configuration whichever way it was flattened."""

import math

import pytest

from optcli.diagnosis.settings import constant_guess, number, setting

NESTED = {"optimizer": {"name": "adam", "lr": 0.1}, "regularizers": ["l1", {"name": "dropout", "rate": 0.2}]}
FLAT = {"optimizer.name": "adam", "optimizer.lr": 0.1, "regularizers": [{"name": "dropout", "rate": 0.2}]}


@pytest.mark.parametrize("config", [NESTED, FLAT])
def test_the_same_paths_reach_the_same_values(config) -> None:
    assert setting(config, "optimizer.name") == "adam"
    assert number(config, "optimizer.lr") == 0.1
    assert number(config, "regularizers.dropout.rate") == 0.2
    assert setting(config, "regularizers.l2.strength") is None
    assert setting(config, "optimizer.lr.deeper") is None
    assert setting(config, "nothing") is None


def test_a_part_by_its_bare_name() -> None:
    assert setting(NESTED, "regularizers.l1") == "l1"
    assert setting(NESTED, "regularizers.dropout") == {"name": "dropout", "rate": 0.2}
    assert number({"a": True, "b": "1"}, "a") is None


@pytest.mark.parametrize(
    ("facts", "loss", "guess"),
    [
        ({"task": "classification", "outputs": 10}, "cross_entropy", math.log(10)),
        ({"task": "classification", "outputs": 10}, "bce", -(0.1 * math.log(0.1) + 0.9 * math.log(0.9))),
        ({"task": "classification", "outputs": 2}, "bce", math.log(2)),
        ({"task": "multilabel", "outputs": 10}, "bce", None),
        ({"task": "regression", "outputs": 1, "target_variance": 3.0}, "mse", 3.0),
        ({}, "mse", None),
    ],
)
def test_the_loss_of_a_constant_guess(facts, loss, guess):
    assert constant_guess({"facts": facts, "loss": {"name": loss}}) == (guess and pytest.approx(guess))


@pytest.mark.parametrize(("loss", "guess"), [("mse", 2.5), (None, 2.5), ("my_elbo", None), ("huber", None)])
def test_the_guess_of_a_loss_that_is_not_known_is_none(loss, guess) -> None:
    config = {"facts": {"task": "regression", "target_variance": 2.5}, **({"loss": {"name": loss}} if loss else {})}
    assert constant_guess(config) == guess
