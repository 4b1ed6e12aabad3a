"""What may stand somewhere, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic import Field, TypeAdapter

from optcli.recipe.tree import Node, Source, Span
from optcli.recipe.words import remedy, shown, wanted
from optcli.units import Count, Duration, NonNegative, Positive, Rate, Share

PHRASES: list[tuple[Any, str]] = [
    (Positive, "a number above 0"),
    (NonNegative, "a number of 0 or more"),
    (Share, "a number from 0 to 1"),
    (Rate, "a number from 0 to below 1"),
    (Count, "a whole number of 1 or more"),
    (Annotated[float, Gt(0), Lt(1)], "a number above 0 to below 1"),
    (Annotated[int, Le(5)], "a whole number up to 5"),
    (Annotated[int, Ge(1), Le(10**6)], "a whole number from 1 to 1,000,000"),
    (bool, "true or false"),
    (str, "a text"),
    (Literal["a", "b"], "one of a, b"),
    (Literal["a"], "`a`"),
    (int | None, "a whole number"),
    (Literal["auto"] | Count, "`auto` or a whole number of 1 or more"),
    (Duration, "a duration: steps (500), epochs (3 epochs) or a share of the run (5%)"),
    (tuple[Count, ...], "a list, each a whole number of 1 or more"),
    (tuple[Rate, Rate], "a list of 2: a number from 0 to below 1, a number from 0 to below 1"),
    (Annotated[list[int], Field(min_length=2)], "a list of 2 or more, each a whole number"),
    (dict[str, float], "a mapping"),
    (Any, "another value"),
]


@pytest.mark.parametrize(("kind", "phrase"), PHRASES, ids=[phrase for _, phrase in PHRASES])
def test_wanted(kind: Any, phrase: str) -> None:
    assert wanted(TypeAdapter(kind).json_schema()) == phrase


def node(value: Any) -> Node:
    return Node(value, Span(Source("r.yaml", "")))


REMEDIES: list[tuple[Any, Any, str]] = [
    (float, "0.001", "remove the quotes: 0.001"),
    (float, " 1e-3 ", "remove the quotes: 1e-3"),
    (int, "1_000", "write 1000"),
    (int, "1,000", "write 1000"),
    (float, "20 %", "write 0.2"),
    (float, "fast", ""),
    (bool, "yes", "write true"),
    (bool, "off", "write false"),
    (bool, "True", "remove the quotes: true"),
    (bool, "maybe", ""),
    (Literal["auto", "on", "off"], True, "write on"),
    (Literal["auto", "on", "off"], False, "write off"),
    (Literal["mean", "sum"], "maen", "did you mean `mean`? known: mean, sum"),
    (int, [3], "write a single value, without brackets"),
]


@pytest.mark.parametrize(("kind", "value", "help"), REMEDIES)
def test_remedy(kind: Any, value: Any, help: str) -> None:
    inner = [node(v) for v in value] if isinstance(value, list) else value
    assert remedy(TypeAdapter(kind).json_schema(), node(inner)) == help


def test_shown() -> None:
    assert [shown(node(v)) for v in ("x", 1, 0.5, True, None, [], {})] == [
        'the text "x"', "1", "0.5", "true", "nothing", "a list", "a mapping",
    ]  # fmt: skip
    assert len(shown(node("x" * 1000))) < 80


@dataclass(frozen=True)
class Inner:
    """Nested."""

    size: Count


@dataclass(frozen=True)
class Outer:
    """Options with a mapping inside, as own parts may have them."""

    inner: Inner
    many: tuple[Inner, ...] = ()


def test_places_inside_nested_options() -> None:
    from optcli.recipe.text import parse
    from optcli.recipe.validate import validated

    text = "inner: {size: 0}\nmany:\n- size: 1\n- size: x\n"
    made, problems = validated(Outer, parse(Source("r.yaml", text)), "model")
    assert made is None
    assert [(p.line, p.column, p.message) for p in problems] == [
        (1, 15, "`model.inner.size` must be a whole number of 1 or more, not 0"),
        (4, 9, '`model.many[1].size` must be a whole number of 1 or more, not the text "x"'),
    ]
    made, problems = validated(Outer, parse(Source("r.yaml", "inner: {size: 2.0}\nmany: [{size: 3}]\n")), "model")
    assert made == Outer(Inner(2), (Inner(3),))
