"""`optcli train`: train a recipe, watch it, and say at the end what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Exit, Option

from optcli.commands import complete

if TYPE_CHECKING:
    from optcli.recipe.recipe import Recipe
    from optcli.train.session import Outcome


def command(
    words: Annotated[
        list[str] | None,
        Argument(
            metavar="RECIPE|KEY=VALUE",
            help="A recipe (file or bundled name), then changes to it.",
            autocompletion=complete.recipes,
        ),
    ] = None,
    run_dir: Annotated[Path | None, Option(help="The run directory itself, instead of a new one in runs/.")] = None,
    resume: Annotated[bool, Option("--resume", help="Go on with an interrupted run.")] = False,
    device: Annotated[str | None, Option(help="Where to train: auto, cpu, cuda, cuda:1, mps.")] = None,
    imports: Annotated[
        list[Path] | None, Option("--import", metavar="FILE", help="A Python file with own parts; it is executed.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show what would be trained, and stop.")] = False,
    fail_on: Annotated[
        Literal["error", "warning", "info", "never"], Option(help="Exit 1 on findings of this severity or worse.")
    ] = "never",
) -> None:
    """Train a model from a recipe, and diagnose it while it trains."""
    recipe = _recipe(list(words or []), run_dir, resume, list(imports or []))
    if dry_run:
        from optcli.train.dryrun import show

        show(recipe, device)
        return
    from optcli.train.session import train

    seen = _hashes(list(imports or []))
    outcome = train(recipe, run_dir=run_dir, resume=resume, device=device, imports=seen)
    status = _tell(outcome, fail_on)
    if status:
        raise Exit(status)


def _recipe(words: list[str], run_dir: Path | None, resume: bool, imports: list[Path]) -> Recipe:
    from optcli.exits import Exit as Code
    from optcli.exits import Failure
    from optcli.recipe import load

    named = next((word for word in words if "=" not in word), None)
    if named is not None:
        words.remove(named)
        return load(named, words, imports)
    if resume and run_dir is not None:
        file = run_dir / "recipe.yaml"
        if not file.is_file():
            raise Failure(Code.USAGE, f"{run_dir}: no run to go on with", "name a recipe to begin one")
        return load(file, words, imports)
    raise Failure(Code.USAGE, "no recipe", "`optcli recipes` lists the bundled ones, such as `optcli train fashion`")


def _hashes(imports: list[Path]) -> dict[str, str]:
    from hashlib import sha256

    return {str(path.resolve()): sha256(path.read_bytes()).hexdigest() for path in imports}


def _tell(outcome: Outcome, fail_on: str) -> int:
    """Say how it ended and what was found; returns the exit status."""
    from optcli.train.verdict import tell

    return tell(outcome, fail_on)
