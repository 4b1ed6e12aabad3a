"""The Typer side of the command line: one command is imported and built when it is called, not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from optcli.arguments import failure, lighten
from optcli.cli import COMMANDS

_HELP: Final = ["-h", "--help"]
_PLAIN: Any = {"rich_markup_mode": None, "pretty_exceptions_enable": False}


def build(name: str) -> Any:
    """The Typer command behind the verb `name`."""
    function = import_module(f"optcli.commands.{name}").command
    one = typer.Typer(add_completion=False, **_PLAIN)
    one.command(name, help=function.__doc__ or COMMANDS[name], context_settings={"help_option_names": _HELP})(function)
    made = get_command(one)
    lighten(made, made.context_class(made, info_name=name, help_option_names=_HELP))
    return made


def run(name: str, words: list[str]) -> None:
    """Run one command in this process. Raises what it raises, and Failure for mistakes in its words."""
    command = build(name)
    try:
        with command.make_context(f"optcli {name}", list(words), max_content_width=100) as context:
            command.invoke(context)
    except Exception as error:
        if hasattr(error, "format_message"):
            raise failure(error, command, name) from None
        raise


class LazyGroup(TyperGroup):
    """All commands as one: what shell completion asks."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return build(cmd_name) if cmd_name in COMMANDS else None


def group(words: list[str]) -> NoReturn:
    """Answer the shell's request for completions, or install them; ends the program."""
    app = typer.Typer(cls=LazyGroup, **_PLAIN)
    app.callback()(lambda: None)
    app(words, prog_name="optcli")
    raise SystemExit(0)
