"""`optcli new`: a recipe to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from optcli.commands.recipes import create
from optcli.exits import Exit, Failure

STARTER: Final = Path(__file__).parent / "starter.yaml"


def command(
    name: Annotated[str, typer.Argument(help="What to call it; also the file to write, NAME.yaml.")] = "recipe",
) -> None:
    """Write a recipe to begin with, explained line by line.

    It trains as it is, on handwritten digits. Exits with 73 where the file exists already.
    """
    file = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if file.name.startswith("."):
        raise Failure(Exit.USAGE, f"`{name}` is no name for a recipe", "`optcli new mine` writes mine.yaml")
    create(file, STARTER.read_text(encoding="utf-8"))
    from optcli.show.words import typed

    typer.echo(file)
    typer.echo(f"next: {typed(['optcli', 'train', str(file)])}", err=True)
