"""`optcli parts`: what a recipe can name, with all options."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from optcli.commands import complete
from optcli.crash import say
from optcli.exits import Exit
from optcli.parts import KINDS, UnknownPart, UnusablePart, doc, families, family, find, house, names
from optcli.parts.reference import OptionDoc, options, summary


def command(
    kind: Annotated[
        str | None, typer.Argument(help="Kind of part: " + ", ".join(KINDS) + ".", autocompletion=complete.kinds)
    ] = None,
    name: Annotated[str | None, typer.Argument(help="Name of the part.", autocompletion=complete.parts)] = None,
    form: Annotated[str, typer.Option("--format", help="`text` or `json`.")] = "text",
    imports: Annotated[list[Path] | None, typer.Option("--import", help="Run this file, which adds own parts.")] = None,
) -> None:
    """List what a recipe can name, with all options."""
    if form not in ("text", "json"):
        _refuse(f"unknown format `{form}`", "text, json")
    _import(imports or [])
    kind = next((one for one, folder in KINDS.items() if folder == kind), kind)
    if kind is not None and kind not in KINDS:
        _refuse(f"unknown kind of part `{kind}`", ", ".join(KINDS))
    if kind is not None and name is not None:
        _one(kind, name, form)
    elif form == "json":
        print(json.dumps({k: [_described(k, n) for n in names(k)] for k in _kinds(kind)}, indent=2))
    else:
        print("\n\n".join(_listed(one) for one in _kinds(kind)))


def _kinds(kind: str | None) -> list[str]:
    return [kind] if kind is not None else list(KINDS)


def _refuse(wrong: str, allowed: str) -> None:
    say("error", wrong)
    say("help", f"there is: {allowed}")
    raise typer.Exit(Exit.USAGE)


def _import(files: list[Path]) -> None:
    if not files:
        return
    from optcli.parts.own import ImportFailed, load_file

    for file in files:
        try:
            load_file(file)
        except ImportFailed as error:
            say("error", str(error))
            raise typer.Exit(Exit.USAGE) from error


def _listed(kind: str) -> str:
    rows = [(name, summary(kind, name)) for name in names(kind)]
    rows += [(f"{one}:NAME", family(kind, one).__doc__.partition("\n")[0]) for one in families(kind)]
    width = max(len(name) for name, _ in rows)
    return "\n".join([f"{kind}:", *(f"  {name:<{width}}  {told}".rstrip() for name, told in rows)])


def _one(kind: str, name: str, form: str) -> None:
    name = house(kind, name)
    try:
        if name.removesuffix(":") in families(kind):
            print("\n".join(f"{name.removesuffix(':')}:{one}" for one in family(kind, name.removesuffix(":")).names()))
            return
        described = _described(kind, name)
    except UnknownPart as error:
        _refuse(str(error), ", ".join(error.known))
        return
    except UnusablePart as error:
        say("error", str(error))
        if error.help:
            say("help", error.help)
        raise typer.Exit(Exit.USAGE) from error
    if form == "json":
        print(json.dumps(described, indent=2))
        return
    print(f"{kind} {name}\n")
    print(described["doc"])
    print("\noptions:" if described["options"] else "\nno options")
    for option in options(kind, name):
        print(_option(option))
    reports = getattr(find(kind, name), "REPORTS", {})
    if reports:
        print("\nin the journal, at each evaluation:")
    for curve, about in reports.items():
        print(f"  {name}/{curve}\n      {about}")


def _described(kind: str, name: str) -> dict[str, Any]:
    return {"name": name, "doc": doc(kind, name), "options": [asdict(option) for option in options(kind, name)]}


def _option(option: OptionDoc) -> str:
    limits = f" {option.limits}" if option.limits else ""
    default = f" (default {option.default})" if option.default else " (required)"
    told = textwrap.indent(option.doc, "      ")
    return f"  {option.name}: {option.type}{limits}{default}" + (f"\n{told}" if told else "")
