"""YAML with places, and the limits that bombs run into."""

from __future__ import annotations

import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.recipe.text import MAX_DEPTH, parse
from optcli.recipe.tree import Node, Source, plain


def tree(text: str) -> Node:
    return parse(Source("r.yaml", text))


def laughs(levels: int, width: int) -> str:
    first = "a0: &a0 [x]\n"
    return first + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]\n" for i in range(1, levels))


BOMBS = {
    "brackets": "[" * 20_000,
    "braces": "{a: " * 20_000,
    "dashes": "- " * 400_000,
    "questions": "? " * 400_000,
    "block": "\n".join(" " * i + "a:" for i in range(1_000)),
    "nine by nine": laughs(10, 9),
    "two to the eleven": laughs(11, 2) + "".join(f"z{i}: *a10\n" for i in range(79)),
    "aliases": "a: &a 1\nb: [" + "*a, " * 200 + "]",
    "inside itself": "a: &a\n  b: *a\n",
    "long list": "a: [" + "1," * 450_000 + "1]",
    "many keys": "".join(f"k{i}: 1\n" for i in range(49_000)),
    "same keys": "a: 1\n" * 90_000,
    "tags": "a: !x 1\n" * 90_000,
    "anchors": "".join(f"a{i}: &x{i} 1\n" for i in range(45_000)),
    "merge keys": "a: &a {b: 1}\nc: {<<: *a}\n" * 1_000,
    "long key": "x" * 900_000 + ": 1",
    "long value": "data: " + "x" * 900_000,
    "long number": "seed: " + "9" * 900_000,
    "quotes": "data: '" + "''" * 450_000,
    "exclamation marks": "!" * 900_000,
    "ampersands": "&a " * 300_000,
    "large file": "x" * 1_000_001,
    "spaces": " " * 999_999,
    "line breaks": "\n" * 999_999,
    "unknown options": "data: toy\noptimizer: {" + ", ".join(f"k{i}: 1" for i in range(900)) + "}",
    "wrong elements": "data: toy\nmodel: {name: mlp, hidden: [" + "x," * 900 + "]}",
    "unknown metrics": "data: toy\nmetrics: [" + "acc," * 900 + "]",
    "many ranges": "data: toy\ntune: {" + ",".join(f"optimizer.l{i}: [1]" for i in range(900)) + "}",
    "long ranges": "data: toy\ntune: {optimizer.lr: [" + "x," * 900 + "]}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_time_and_space(name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(BadRecipe):
        loads(BOMBS[name], "r.yaml")
    after = resource.getrusage(resource.RUSAGE_SELF)
    # CPU seconds, not wall time: a busy machine doesn't count. Most take below 0.1.
    assert after.ru_utime - before.ru_utime < 1
    assert (after.ru_maxrss - before.ru_maxrss) < 200_000, "KiB"


def test_depth_counts_what_an_alias_stands_for() -> None:
    deep = "[" * (MAX_DEPTH - 5) + "]" * (MAX_DEPTH - 5)
    assert tree(f"a: &a {deep}\nb: *a\n").get("b") == tree(f"b: {deep}\n").get("b")
    with pytest.raises(BadRecipe, match="nested deeper"):
        tree(f"a: &a {deep}\nb: [[[[[[*a]]]]]]\n")


def test_an_alias_stands_for_the_value_before_it() -> None:
    assert plain(tree("a: &x {b: 1}\nc: *x\nd: &x 2\ne: *x\n")) == {"a": {"b": 1}, "c": {"b": 1}, "d": 2, "e": 2}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_value_and_key_has_its_place(newline: str) -> None:
    text = newline.join(["# é 😀", "a: 1  # x", "b: {c: 'q', dé: [7, 8]}", "e:", "  - f", "  - g: 2", ""])
    node = tree(text)
    assert node.entries["b"].node.entries["dé"].key.text == "dé"
    assert [item.span.text for item in node.entries["b"].node.entries["dé"].node.items] == ["7", "8"]
    two = node.entries["e"].node.items[1].entries["g"].node.span
    assert two.text == "2"
    assert two.source.place(two.start) == (6, 8)
    assert node.entries["e"].node.span.text.endswith("g: 2")


def test_quoted_and_block_scalars_are_texts() -> None:
    assert plain(tree("a: '1'\nb: \"true\"\nc: |\n  x\n  y\n\nd: >-\n  1e-3\n")) == {
        "a": "1", "b": "true", "c": "x\ny\n", "d": "1e-3",
    }  # fmt: skip


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert loads("\ufeffdata: toy\n").data.name == "toy"


PIECES = [*"ab:-[]{},#&*!|>'\"%@? \n\t\r0.e", "data", "toy", "lr", "é", "\n  ", ": ", "- "]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        tree(text)
    except BadRecipe as error:
        for problem in error.problems:
            assert 1 <= problem.line <= text.count("\n") + text.count("\r") + 1
            assert problem.column >= 1
