"""The Typer application and the table of its commands; imports nothing heavy, so that `--help` answers at once."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

COMMANDS: Final = {
    "train": "Train a model from a recipe, and diagnose it while it trains.",
    "diagnose": "Read the logs of any framework; say what is wrong, why, and what to do.",
    "watch": "Follow a growing log and speak the moment something is wrong.",
    "explain": "Explain the code of a finding, or a cause.",
    "smoke": "Check recipes the way good engineers do before a long run.",
    "recipes": "List, show and copy the bundled recipes.",
    "parts": "List what a recipe can name, with all options.",
    "schema": "Print a JSON Schema: of recipes (for editors) or of a diagnosis.",
}
"""Verb -> its line in `optcli --help`. Each is a module `optcli.commands.<verb>` with a function `command`."""


class LazyGroup(TyperGroup):
    """Imports a command's module when it is called, not before."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"optcli.commands.{cmd_name}").command
        one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        one.command(cmd_name, help=command.__doc__ or COMMANDS[cmd_name])(command)
        return get_command(one)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=LazyGroup, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False, no_args_is_help=True
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"optcli {version('optcli')}")
        raise typer.Exit


@app.callback()
def root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version.")) -> None:  # noqa: FBT001, FBT003
    """Train PyTorch models from YAML recipes, and diagnose training runs of any framework."""


def main(args: list[str] | None = None) -> None:
    """The console script: run one command and exit with its status (see `optcli.exits`)."""
    from optcli.crash import guarded

    sys.exit(guarded(lambda: app(args, standalone_mode=True)))
