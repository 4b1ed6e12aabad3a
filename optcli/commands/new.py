"""`optcli new`: a recipe to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from optcli.exits import Exit, Failure

STARTER: Final = Path(__file__).parent / "starter.yaml"


def command(
    name: Annotated[str, typer.Argument(help="What to call it; also the file to write, NAME.yaml.")] = "recipe",
) -> None:
    """Write a recipe to begin with, explained line by line.

    It trains as it is, on handwritten digits. Exits with 73 where the file exists already.
    """
    file = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(STARTER.read_text(encoding="utf-8"))
    except FileExistsError:
        raise Failure(Exit.CANNOT_CREATE, f"{file} exists already", "choose another name") from None
    except FileNotFoundError:
        raise Failure(Exit.CANNOT_CREATE, f"{file.parent} is no directory", "make it first") from None
    from optcli.show.words import typed

    typer.echo(file)
    typer.echo(f"next: {typed(['optcli', 'train', str(file)])}", err=True)
