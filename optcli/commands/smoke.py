"""`optcli smoke`: the checks before a long run, for a person and for CI."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from optcli.commands import complete

if TYPE_CHECKING:
    from optcli.recipe.recipe import Recipe
    from optcli.trial.smoke import SmokeReport

Format = Literal["text", "json", "github", "junit"]


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="RECIPE|KEY=VALUE",
            help="Recipes (files or bundled names), then changes to all.",
            autocompletion=complete.recipes,
        ),
    ],
    imports: Annotated[
        list[Path] | None,
        typer.Option("--import", metavar="FILE", help="A Python file with own parts; it is executed."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CHECKS", help="Only these checks, such as one-batch,gradients.")
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(help="How to print the outcome.  [default: as --output ends, else text]", show_default=False),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to standard output.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML there as well.")] = None,
) -> None:
    """Check recipes the way good engineers do before a long run.

    Exits with 0 (all checks passed), 1 (one failed) or 2 (a bad recipe).
    """
    from optcli.exits import Exit, Failure
    from optcli.recipe import load
    from optcli.show import formats
    from optcli.show import smoke as view

    names = [word for word in words if "=" not in word]
    if not names:
        raise Failure(Exit.USAGE, "no recipe", "`optcli recipes` lists the bundled ones, such as `optcli smoke digits`")
    changes = [word for word in words if "=" in word]
    chosen = _checks(only)
    recipes = [(name, load(name, changes, list(imports or []))) for name in names]
    shape = format or formats.fitting(output, get_args(Format))
    reports = [_run(name, recipe, chosen, talk=shape == "text" and output is None) for name, recipe in recipes]
    if junit is not None:
        formats.save(view.junit(reports), str(junit), names)
    if output is not None:
        formats.save(_rendered(reports, shape), output, names)
    elif shape != "text":
        sys.stdout.write(_rendered(reports, shape))
    if any(report.failed for report in reports):
        raise typer.Exit(1)


def _checks(given: list[str] | None) -> list[str]:
    """Names of checks, comma-separated or repeated, dashes or underscores."""
    from optcli.exits import Exit, Failure
    from optcli.show.nearest import hint
    from optcli.trial.smoke import names

    known = [name.replace("_", "-") for name in names()]
    words = [w.strip().replace("_", "-") for text in given or () for w in text.split(",") if w.strip()]
    for word in words:
        if word not in known:
            help = hint(word, known, f"the checks: {', '.join(known)}")
            raise Failure(Exit.USAGE, f"unknown check `{word}`", help)
    return [word.replace("-", "_") for word in words]


def _run(source: str, recipe: Recipe, only: list[str], *, talk: bool) -> SmokeReport:
    from optcli.show import smoke as view
    from optcli.show.screen import Screen
    from optcli.trial.smoke import run

    screen = Screen.of(sys.stdout)
    if talk:
        print(f"{source}:", flush=True)
    report = run(recipe, source, only=only, tell=lambda r: print(view.line(r, screen), flush=True) if talk else None)
    if talk:
        print(view.verdict(report, screen), flush=True)
    return report


def _rendered(reports: list[SmokeReport], format: str) -> str:
    from optcli.show import smoke as view
    from optcli.show.screen import Screen

    if format == "text":
        return "\n".join(f"{view.line(c, Screen())}" for r in reports for c in r.results) + "\n"
    return {"json": view.json, "github": view.github, "junit": view.junit}[format](reports)
