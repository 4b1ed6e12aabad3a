from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.main import get_command

from optcli.arguments import failure, lighten
from optcli.exits import Exit, Failure

USAGE_ERROR: Any = typer.BadParameter.__mro__[1]


def call(function: Any, words: list[str]) -> dict[str, Any]:
    """What the command gets when called with the words."""
    app = typer.Typer(add_completion=False)
    app.command()(function)
    command = get_command(app)
    lighten(command, command.context_class(command))
    with command.make_context("x", words) as context:
        return dict(context.params)


def everything(
    paths: list[str],
    kind: Annotated[Literal["a", "bb"], typer.Option()] = "a",
    count: int = 3,
    rate: float = 0.5,
    folder: Path = Path("runs"),
    many: Annotated[list[str] | None, typer.Option()] = None,
    name: str | None = None,
    flag: bool = False,
    least: Annotated[int, typer.Option(min=1)] = 1,
) -> None: ...


def test_values_have_their_types() -> None:
    words = "p q --kind bb --count 7 --rate 1e-3 --folder a/b --many x --many y --name n --flag --least 2"
    assert call(everything, words.split()) == {
        "paths": ["p", "q"], "kind": "bb", "count": 7, "rate": 0.001, "folder": Path("a/b"), "many": ["x", "y"],
        "name": "n", "flag": True, "least": 2,
    }  # fmt: skip


def test_defaults_stay() -> None:
    got = call(everything, ["p"])
    assert (got["kind"], got["count"], got["rate"], got["folder"]) == ("a", 3, 0.5, Path("runs"))
    assert (got["name"], got["flag"], got["least"]) == (None, False, 1)
    assert not got["many"]


@pytest.mark.parametrize(
    ("words", "message", "help"),
    [
        (["p", "--kind", "b"], "--kind: `b` is none of a, bb", "did you mean `bb`?"),
        (["p", "--count", "1.5"], "--count: `1.5` is not a whole number", ""),
        (["p", "--rate", "fast"], "--rate: `fast` is not a number", ""),
    ],
)
def test_wrong_values_are_told_in_plain_words(words: list[str], message: str, help: str) -> None:
    with pytest.raises(Failure) as caught:
        call(everything, words)
    assert (caught.value.code, caught.value.message, caught.value.help) == (Exit.USAGE, message, help)


def test_limits_are_left_to_typer() -> None:
    with pytest.raises(typer.BadParameter):
        call(everything, ["p", "--least", "0"])


def test_mistakes_of_typer_are_told_in_our_words() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(everything)
    command = get_command(app)
    for words, message, help in (
        (["p", "--knd", "a"], "unknown option `--knd`", "did you mean `--kind`?"),
        ([], "missing argument `paths`", "`optcli x --help` shows what there is"),
        (["p", "--kind"], "option `--kind` requires an argument", "`optcli x --help` shows what there is"),
    ):
        with pytest.raises(USAGE_ERROR) as caught:
            command.make_context("x", words)
        told = failure(caught.value, command, "x")
        assert (told.code, told.message, told.help) == (Exit.USAGE, message, help)
