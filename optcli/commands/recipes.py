"""`optcli recipes`: the recipes that come with optcli."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from optcli.commands import complete
from optcli.exits import Exit, Failure

_ACTIONS: Final = ("list", "show", "copy")


def command(
    action: Annotated[
        str,
        typer.Argument(
            metavar="[list|show|copy]",
            help="List all, print one, or copy one to change it.",
            autocompletion=complete.actions,
        ),
    ] = "list",
    name: Annotated[
        str | None,
        typer.Argument(help="The recipe, such as fashion.", show_default=False, autocompletion=complete.recipes),
    ] = None,
    destination: Annotated[
        Path | None, typer.Argument(help="Where to copy it: a file or a directory; here if left out.")
    ] = None,
) -> None:
    """List, show and copy the bundled recipes.

    `optcli train NAME` trains one as it is. Those under sick/ are ill on purpose, to see a diagnosis. Exits with 2 for
    an unknown name and with 73 where the copy's file exists already.
    """
    if action not in _ACTIONS:
        _refuse(action)
    elif action == "list":
        _list()
    elif name is None:
        raise Failure(Exit.USAGE, f"which recipe to {action}?", "`optcli recipes` lists them")
    elif action == "show":
        typer.echo(_find(name).read_text(encoding="utf-8"), nl=False)
    else:
        _copy(_find(name), destination)


def _refuse(action: str) -> NoReturn:
    from optcli.recipe import bundled
    from optcli.show.nearest import hint

    known = f"did you mean `optcli recipes show {action}`?" if action in bundled.names() else ""
    help = known or hint(action, _ACTIONS, f"there is: {', '.join(_ACTIONS)}")
    raise Failure(Exit.USAGE, f"unknown action `{action}`", help)


def summary(text: str) -> str:
    """A recipe's first line of comment in plain words, with the code that a sick one must trigger."""
    comments = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    code = next((line.removeprefix("expect:").strip() for line in comments if line.startswith("expect:")), "")
    plain = (line for line in comments if not line.startswith(("expect:", "yaml-language-server:")))
    return (f"{code}: " if code else "") + next(plain, "")


def _list() -> None:
    from optcli.recipe import bundled
    from optcli.show.screen import Screen

    names, screen = bundled.names(), Screen.of(sys.stdout)
    wide = max(map(len, names), default=0)
    for name in sorted(names, key=lambda name: ("/" in name, name)):
        told = f"{name:<{wide}}  {summary(bundled.path(name).read_text(encoding='utf-8'))}"
        print(*screen.lines(told, " " * (wide + 2)), sep="\n")


def _find(name: str) -> Path:
    from optcli.recipe import bundled
    from optcli.show.nearest import hint

    try:
        return bundled.path(name.removesuffix(".yaml"))
    except LookupError as error:
        help = hint(name, bundled.names(), "`optcli recipes` lists them")
        raise Failure(Exit.USAGE, str(error.args[0]), help) from None


def _copy(source: Path, destination: Path | None) -> None:
    target = destination or Path()
    target = target / source.name if target.is_dir() else target
    create(target, source.read_text(encoding="utf-8"))
    typer.echo(target)


def create(file: Path, text: str) -> None:
    """Write a new file, never over another one.

    Raises:
        Failure: it exists, or its directory doesn't.
    """
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise Failure(Exit.CANNOT_CREATE, f"{file} exists already", "choose another name") from None
    except FileNotFoundError:
        raise Failure(Exit.CANNOT_CREATE, f"{file.parent} is no directory", "make it first") from None
