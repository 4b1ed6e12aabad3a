"""A data set that says its facts and holds nothing: tests of recipes need no data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from optcli import parts
from optcli.parts.facts import Facts
from optcli.units import STRICT, Count


@dataclass(frozen=True)
class Toy:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    n: Count = 1000
    """Samples."""
    file: str = ""
    """A file that is missing if it is given."""


def toy(task: str, shape: tuple[int, ...], outputs: int) -> SimpleNamespace:
    def facts(options: Toy) -> Facts:
        if options.file == "odd":
            raise ValueError("line 3 of `odd` has 2 columns; remove it")
        if options.file == "torn.csv":
            raise ValueError("torn.csv:3: 2 cells, but the header names 3 columns")
        if options.file:
            raise FileNotFoundError(2, "No such file or directory", options.file)
        return Facts(task, options.n, options.n // 10, shape, outputs)  # type: ignore[arg-type]

    return SimpleNamespace(Options=Toy, facts=facts, __doc__="Nothing.\n")


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    """`toy` (images), `toy_table` (regression) and `toy_text` (language), 1,000 samples each."""
    parts.add("data", "toy", toy("classification", (1, 28, 28), 10))
    parts.add("data", "toy_table", toy("regression", (12,), 1))
    parts.add("data", "toy_text", toy("language", (64,), 80))
    yield
    parts.forget()
