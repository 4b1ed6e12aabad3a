"""Typos: the right name is offered for every one within two edits."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcli import parts
from optcli.recipe import bundled, loads
from optcli.recipe.problem import BadRecipe
from optcli.recipe.sections import TOP, Monitor, Train
from optcli.recipe.spelling import distance, hint, nearest
from optcli.recipe.validate import fields

LETTERS = string.ascii_lowercase + string.digits + "_"


def typo(word: str, rng: random.Random) -> str:
    at, kind = rng.randrange(len(word)), rng.randrange(4)
    letter = rng.choice(LETTERS)
    swapped = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    return [word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :], swapped][
        kind
    ]


def typos(word: str, known: set[str], count: int = 40) -> list[str]:
    rng = random.Random(word)
    some = [typo(word, rng) for _ in range(count)] + [typo(typo(word, rng) or "x", rng) for _ in range(count)]
    return [t for t in some if t and t not in known]


def offers(text: str, word: str) -> None:
    """The problem of the recipe names the word, or one that is even nearer to what was typed."""
    with pytest.raises(BadRecipe) as caught:
        loads(text, "r.yaml")
    told = [p.help for p in caught.value.problems if "unknown" in p.message or "must be one of" in p.message]
    assert told, [p.message for p in caught.value.problems]
    assert any("did you mean" in help or "belongs" in help or "it is a" in help for help in told), (text, told)


@pytest.mark.parametrize("word", [*TOP, "extends"])
def test_top_keys(word: str) -> None:
    for wrong in typos(word, {*TOP, "extends"}, 6):
        offers(f"data: toy\n'{wrong}': 1\n", word)


@pytest.mark.parametrize(
    ("section", "word"), [("train", k) for k in fields(Train)] + [("monitor", k) for k in fields(Monitor)]
)
def test_keys_of_sections(section: str, word: str) -> None:
    for wrong in typos(word, {*fields(Train), *fields(Monitor)}, 3):
        offers(f"data: toy\n{section}: {{'{wrong}': 1}}\n", word)


@pytest.mark.parametrize("kind", ["optimizer", "schedule", "model", "loss", "data"])
def test_names_and_options_of_parts(kind: str) -> None:
    for name in parts.names(kind):
        for wrong in typos(name, set(parts.names(kind)), 2):
            offers(f"{'' if kind == 'data' else 'data: toy'}\n{kind}: '{wrong}'\n", name)
        for key in fields(parts.find(kind, name).Options):
            known = {*fields(parts.find(kind, name).Options), "name", "batch_size"}
            for wrong in typos(key, known, 1):
                offers(f"{'' if kind == 'data' else 'data: toy'}\n{kind}: {{name: {name}, '{wrong}': 1}}\n", key)


@pytest.mark.parametrize("value", ["fp32", "bf16", "tf32"])
def test_values_of_a_choice(value: str) -> None:
    for wrong in typos(value, {"fp32", "tf32", "bf16", "fp16"}):
        offers(f"data: toy\ntrain: {{precision: '{wrong}'}}\n", value)


def test_bundled_recipes() -> None:
    for name in bundled.names():
        for wrong in typos(name, set(bundled.names()), 10):
            assert nearest(wrong, bundled.names()), wrong


@given(st.text(LETTERS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_no_typo_is_farther_than_its_edits(word: str, rng: random.Random) -> None:
    once = typo(word, rng)
    assert distance(word, once, 5) <= 1
    if once:
        assert distance(word, typo(once, rng), 5) <= 2


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_a_metric(a: str, b: str, c: str) -> None:
    far = 20
    assert (distance(a, b, far) == 0) == (a == b)
    assert distance(a, b, far) == distance(b, a, far)
    assert distance(a, c, far) <= distance(a, b, far) + distance(b, c, far)


@pytest.mark.parametrize(
    ("a", "b", "edits"), [("ca", "abc", 2), ("kitten", "sitting", 3), ("lr", "rl", 1), ("", "ab", 2)]
)
def test_distances_from_the_literature(a: str, b: str, edits: int) -> None:
    assert distance(a, b, 9) == edits


def test_far_names_get_the_list_instead() -> None:
    assert hint("zzzzzzz", ["adam", "sgd"]) == "known: adam, sgd"
    assert hint("accur", ["accuracy", "rmse"]).startswith("did you mean `accuracy`?")
    assert hint("l3", ["l1", "l2", "dropout"]).startswith("did you mean `l1` or `l2`?")
