"""The console script and the table of its commands; imports nothing at all, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
from typing import Final, NoReturn

COMMANDS: Final = {
    "train": "Train a model from a recipe, and diagnose it while it trains.",
    "diagnose": "Read logs of any framework; say what is wrong, why, and what to do.",
    "watch": "Follow a growing log and speak the moment something is wrong.",
    "explain": "Explain the code of a finding, or a cause.",
    "smoke": "Check recipes the way good engineers do before a long run.",
    "report": "Write runs and their diagnoses as one page of HTML or Markdown.",
    "new": "Write a recipe to begin with, explained line by line.",
    "recipes": "List, show and copy the bundled recipes.",
    "parts": "List what a recipe can name, with all options.",
    "schema": "Print a JSON Schema: of recipes (for editors) or of a diagnosis.",
}
"""Verb -> its line in `optcli --help`. Each is a module `optcli.commands.<verb>` with a function `command`."""

_OPTIONS: Final = {
    "--version": "Show the version.",
    "--install-completion": "Make the shell complete optcli's commands and options.",
    "--show-completion": "Print the shell's completion code instead.",
    "--help": "Show this text, or that of a command behind its name.",
}


def main(args: list[str] | None = None) -> NoReturn:
    """The console script: run one command and exit with its status (see `optcli.exits`)."""
    from optcli.crash import guarded

    words = sys.argv[1:] if args is None else args
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    sys.exit(guarded(lambda: _run(words)))


def _run(words: list[str]) -> None:
    if "_OPTCLI_COMPLETE" in os.environ or words[:1] in (["--install-completion"], ["--show-completion"]):
        from optcli.app import group

        group(words)
    if not words or words[0] in ("--help", "-h"):
        print(help_text(), file=sys.stdout if words else sys.stderr)
        raise SystemExit(0 if words else 2)
    if words[0] == "--version":
        from importlib.metadata import version

        print(f"optcli {version('optcli')}")
    elif words[0] in COMMANDS:
        from optcli.app import run

        run(words[0], words[1:])
    else:
        _unknown(words[0])


def help_text() -> str:
    """What `optcli --help` prints."""
    tables = {"Commands": COMMANDS, "Options": _OPTIONS}
    told = [
        "usage: optcli COMMAND ...",
        "",
        "Train PyTorch models from YAML recipes; diagnose training runs of any framework.",
    ]
    for title, table in tables.items():
        wide = max(map(len, table))
        told += ["", f"{title}:", *(f"  {name:<{wide}}  {line}" for name, line in table.items())]
    return "\n".join([*told, "", "Start with:  optcli diagnose LOG    or    optcli train fashion"])


def _unknown(word: str) -> NoReturn:
    from optcli.exits import Exit, Failure
    from optcli.show.nearest import hint

    kind, known = ("option", _OPTIONS) if word.startswith("-") else ("command", COMMANDS)
    raise Failure(Exit.USAGE, f"unknown {kind} `{word}`", hint(word, known, _meant(word)))


def _meant(word: str) -> str:
    """What was meant by an option without its dashes, a recipe or a log without its command."""
    from optcli.recipe import bundled

    if f"--{word}" in _OPTIONS:
        return f"did you mean `--{word}`?"
    if word in bundled.names() or word.endswith((".yaml", ".yml")):
        return f"did you mean `optcli train {word}`?"
    return f"did you mean `optcli diagnose {word}`?" if os.path.exists(word) else "`optcli --help` lists what there is"
