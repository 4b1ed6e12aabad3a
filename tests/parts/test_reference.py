"""What is told about options, read from the files."""

import sys

import pytest

import optcli
from optcli.parts import UnknownPart, forget
from optcli.parts.reference import OptionDoc, options, shown, summary


def by_name(kind, name):
    return {option.name: option for option in options(kind, name)}


def test_types_limits_and_defaults():
    found = by_name("optimizer", "adam")
    told = "Learning rate: the base that the schedule multiplies."
    assert found["lr"] == OptionDoc("lr", "number", "> 0", "0.001", told)
    betas, decay, amsgrad = found["betas"], found["decay"], found["amsgrad"]
    assert (betas.type, betas.limits, betas.default) == ("list of 2 numbers", ">= 0, < 1", "[0.9, 0.999]")
    assert (decay.type, decay.default) == ("decoupled | l2 | cautious", "decoupled")
    assert (amsgrad.type, amsgrad.default) == ("true or false", "false")


def test_durations_lists_and_constants():
    every, hidden = by_name("schedule", "step")["every"], by_name("model", "mlp")["hidden"]
    assert (every.type, every.default) == ("duration", "30%")
    assert (hidden.type, hidden.limits, hidden.default) == ("list of integers", ">= 1", "[128, 128]")
    assert by_name("schedule", "plateau")["gamma"].limits == "> 0, < 1"
    assert by_name("schedule", "plateau")["metric"].type == "text"
    assert (by_name("data", "digits")["n"].limits, by_name("data", "digits")["n"].default) == (">= 10, <= 1437", "1437")


def test_summary_is_the_first_line():
    assert summary("schedule", "constant") == "The same rate all along."


def test_nothing_is_imported():
    sys.modules.pop("optcli.parts.models.cnn", None)
    assert options("model", "cnn")
    assert "optcli.parts.models.cnn" not in sys.modules


def test_own_parts_tell_what_python_knows():
    @optcli.model(name="own_net")
    def net(facts, layers: list[int] = [1], width: int = 3, rate: optcli.parts.reference.units.Share = 0.5):  # noqa: B006
        """Mine."""

    told = [(o.name, o.type, o.limits, o.default) for o in options("model", "own_net")]
    forget()
    assert told == [
        ("layers", "list[int]", "", "[1]"), ("width", "int", "", "3"), ("rate", "float", ">= 0, <= 1", "0.5"),
    ]  # fmt: skip


def test_unknown_part():
    with pytest.raises(UnknownPart):
        options("model", "nonsense")


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), (1e-8, "1e-08"), ((1, 2.5), "[1, 2.5]"), ("a", "a")]
)
def test_values_are_shown_as_yaml(value, text):
    assert shown(value) == text
