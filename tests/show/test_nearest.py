import pytest

from optcli.show.nearest import hint, nearest


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("diagnos", "diagnose"),
        ("DIAGNOSE", "diagnose"),
        ("exp", "explain"),
        ("zzz", None),
        ("x" * 10**6, None),
        ("", None),
    ],
)
def test_nearest(word: str, expected: str | None) -> None:
    assert nearest(word, ["train", "diagnose", "explain"]) == expected


def test_a_beginning_that_two_names_share_is_no_hint() -> None:
    assert nearest("op", ["optimizer.lr", "optimizer.name"]) is None


@pytest.mark.parametrize(("word", "expected"), [("adma", "adam"), ("adamm", "adam"), ("nadm", "nadam")])
def test_fewer_edits_count_more_than_likeness(word: str, expected: str) -> None:
    assert nearest(word, ["adamax", "adam", "adamw", "nadam"]) == expected


def test_hint() -> None:
    assert hint("trian", ["train"], "see --help") == "did you mean `train`?"
    assert hint("zzz", ["train"], "see --help") == "see --help"
