"""`optcli explain`: the page of a code or a cause."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from optcli.commands import complete


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|CAUSE",
            help="Such as OPT101, oscillating-loss or learning-rate-too-high.",
            autocompletion=complete.pages,
        ),
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="List all codes and causes.")] = False,
) -> None:
    """Explain the code of a finding, or a cause: what it means, what only looks like it, and what to do."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from optcli.exits import Exit, Failure
    from optcli.show import manual
    from optcli.show.screen import Screen

    if name is None and not all:
        raise Failure(Exit.USAGE, "explain what?", "`optcli explain OPT101`, or `optcli explain --all` for the list")
    screen = Screen.of(sys.stdout)
    sys.stdout.write(manual.listing(screen) if name is None else manual.page(name, screen))
