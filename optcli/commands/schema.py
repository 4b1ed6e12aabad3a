"""`optcli schema`: JSON Schemas, for editors and for programs that read a diagnosis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer


def command(
    what: Annotated[Literal["recipe", "diagnosis"], typer.Argument(help="Whose schema.")] = "recipe",
    imports: Annotated[
        list[Path] | None,
        typer.Option("--import", metavar="FILE", help="A Python file with own parts; it is executed."),
    ] = None,
) -> None:
    """Print a JSON Schema: of recipes (for editors) or of a diagnosis.

    For editors that use yaml-language-server, and as a recipe's first line:

    \b
      optcli schema > recipe.schema.json
      # yaml-language-server: $schema=recipe.schema.json
    """
    if imports:
        from optcli.recipe.loading import execute

        for file in imports:
            execute(file)
    typer.echo(json.dumps(schema_of(what), indent=2))


def schema_of(what: Literal["recipe", "diagnosis"]) -> dict[str, Any]:
    """The schema itself: JSON Schema, draft 7."""
    if what == "diagnosis":
        from optcli.diagnosis.contract import SCHEMA

        return SCHEMA
    from optcli.recipe.jsonschema import recipe_schema

    return recipe_schema()
