"""Signatures read from source, without an import."""

import sys
from typing import Literal

import pytest

from optcli.parts.optimizers._families import _source


def told(package, name):
    return {p.name: p for p in _source.parameters(package.listing(), name)}


def test_types_and_defaults(package):
    found = told(package, "Plain")
    assert {name: p.type for name, p in found.items()} == {
        "lr": float, "betas": tuple[float, float], "weight_decay": float, "kind": Literal["a", "b"],
        "few": int | None, "shape": tuple[int, ...], "flag": bool, "mode": None, "call": None, "bare": float,
        "maximize": bool, "named": str,
    }  # fmt: skip
    assert (found["lr"].default, found["betas"].default, found["few"].default) == (0.1, (0.9, 0.99), None)
    assert "fakeopt.optimizer" not in sys.modules


def test_documentation(package):
    found = told(package, "Plain")
    assert (found["lr"].doc, found["betas"].doc) == ("Learning rate.", "Two numbers, told over two lines.")
    assert _source.first(package.listing(), "Plain") == "Goes downhill."


def test_an_inherited_signature(package):
    assert told(package, "Child").keys() == told(package, "Plain").keys()


def test_arguments_without_a_default(package):
    assert told(package, "Odd")["model"].default is _source.REQUIRED


@pytest.mark.parametrize("name", ["SGD", "Nothing"])
def test_classes_of_other_packages_are_not_found(package, name):
    with pytest.raises(LookupError):
        _source.parameters(package.listing(), name)


def test_a_package_that_is_not_installed():
    assert _source.folder("no_such_package_anywhere") is None
