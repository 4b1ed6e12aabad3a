"""`optcli parts`: what a recipe can name, with all options."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from optcli.commands import complete
from optcli.exits import Exit, Failure
from optcli.parts import KINDS, UnknownPart, UnusablePart, doc, families, family, find, house, names
from optcli.parts.reference import OptionDoc, in_file, options, summary
from optcli.show.nearest import hint
from optcli.show.screen import Screen


def command(
    kind: Annotated[
        str | None, typer.Argument(help="Kind of part: " + ", ".join(KINDS) + ".", autocompletion=complete.kinds)
    ] = None,
    name: Annotated[str | None, typer.Argument(help="Name of the part.", autocompletion=complete.parts)] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
    imports: Annotated[
        list[Path] | None,
        typer.Option("--import", metavar="FILE", help="A Python file with own parts; it is executed."),
    ] = None,
) -> None:
    """List what a recipe can name, with all options."""
    if imports:
        from optcli.parts.own import load_file

        for file in imports:
            load_file(file)
    kind = next((one for one, folder in KINDS.items() if folder == kind), kind)
    if kind is not None and kind not in KINDS:
        homes = [f"did you mean `optcli parts {one} {kind}`?" for one in KINDS if kind in names(one)]
        help = homes[0] if homes else hint(kind, KINDS, f"there is: {', '.join(KINDS)}")
        raise Failure(Exit.USAGE, f"unknown kind of part `{kind}`", help)
    if kind is not None and name is not None:
        _one(kind, name, form)
    elif form == "json":
        print(json.dumps({k: [_described(k, n) for n in names(k)] for k in _kinds(kind)}, indent=2))
    else:
        print("\n\n".join(_listed(one, Screen.of(sys.stdout)) for one in _kinds(kind)))


def _kinds(kind: str | None) -> list[str]:
    return [kind] if kind is not None else list(KINDS)


def _listed(kind: str, screen: Screen) -> str:
    rows = [(name, summary(kind, name)) for name in names(kind)]
    rows += [(f"{one}:NAME", family(kind, one).__doc__.partition("\n")[0]) for one in families(kind)]
    width = max(len(name) for name, _ in rows)
    lines = [line for name, told in rows for line in screen.lines(f"  {name:<{width}}  {told}", " " * (width + 4))]
    return "\n".join([f"{kind}:", *lines])


def _one(kind: str, name: str, form: str) -> None:
    name = house(kind, name)
    prefix = name.removesuffix(":")
    try:
        if prefix in families(kind):
            print("\n".join(f"{prefix}:{one}" for one in family(kind, prefix).names()))
        elif form == "json":
            print(json.dumps(_described(kind, name), indent=2))
        else:
            print("\n".join(_page(kind, name, Screen.of(sys.stdout))))
    except UnknownPart as error:
        known = f"there is: {', '.join(error.known)}"
        raise Failure(Exit.USAGE, str(error), hint(name, error.known, known)) from None
    except UnusablePart as error:
        raise Failure(Exit.USAGE, str(error), error.help) from None


def _page(kind: str, name: str, screen: Screen) -> Iterator[str]:
    """What a part is, what may be set, and what it reports."""
    from optcli.recipe import sections  # brings pydantic

    told, can_set = doc(kind, name), options(kind, name)
    yield from (f"{kind} {name}", "")
    yield from (*screen.prose(told), "") if told else ()
    yield "options:" if can_set else "no options"
    yield from _told(can_set, screen)
    if kind in sections.COMMON:
        yield from ("", f"of any {kind}:")
        yield from _told(in_file(Path(sections.__file__), sections.COMMON[kind].__name__), screen)
    reports = getattr(find(kind, name), "REPORTS", {})
    yield from ("", "in the journal, at each evaluation:") if reports else ()
    for curve, about in reports.items():
        yield from (f"  {name}/{curve}", *screen.prose(about, " " * 6))


def _told(listed: Iterable[OptionDoc], screen: Screen) -> Iterator[str]:
    for option in listed:
        yield from (_head(option), *(screen.prose(option.doc, " " * 6) if option.doc else ()))


def _described(kind: str, name: str) -> dict[str, Any]:
    return {"name": name, "doc": doc(kind, name), "options": [asdict(option) for option in options(kind, name)]}


def _head(option: OptionDoc) -> str:
    limits = f" {option.limits}" if option.limits else ""
    return f"  {option.name}: {option.type}{limits}" + (
        f" (default {option.default})" if option.default else " (required)"
    )
