"""What a shell proposes for the word that is being typed. Files are proposed by the shell itself."""

from __future__ import annotations

import typer


def recipes(incomplete: str) -> list[str]:
    """Names of bundled recipes."""
    from optcli.recipe import bundled

    return _beginning(incomplete, bundled.names())


def pages(incomplete: str) -> list[str]:
    """Codes and causes."""
    from optcli.diagnosis import catalogue

    return _beginning(incomplete, [*catalogue.codes(), *catalogue.names()])


def actions(incomplete: str) -> list[str]:
    """What `optcli recipes` can do."""
    return _beginning(incomplete, ["list", "show", "copy"])


def kinds(incomplete: str) -> list[str]:
    """Kinds of parts."""
    from optcli.parts import KINDS

    return _beginning(incomplete, list(KINDS))


def parts(ctx: typer.Context, incomplete: str) -> list[str]:
    """Parts of the kind that has been typed."""
    from optcli.parts import KINDS, names

    kind = ctx.params.get("kind")
    return _beginning(incomplete, list(names(kind))) if kind in KINDS else []


def _beginning(incomplete: str, known: list[str]) -> list[str]:
    return [name for name in known if name.startswith(incomplete)]
