"""From a name or a text to a checked Recipe: read, lay over what it extends, override, check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optcli.recipe import check, files
from optcli.recipe.patch import Patch
from optcli.recipe.problem import BadRecipe, Problem
from optcli.recipe.recipe import Recipe
from optcli.recipe.schema import Draft
from optcli.recipe.text import MAX_BYTES
from optcli.recipe.tree import Node, Source


def load(source: str | Path, overrides: Sequence[str] = (), imports: Sequence[str | Path] = ()) -> Recipe:
    """See `optcli.recipe.load`."""
    for file in imports:
        execute(file)
    try:
        found = files.find(str(source), Path())
    except LookupError as error:
        help = files.hint_for(str(source), Path())
        raise BadRecipe([Problem(str(error.args[0]), str(source), help=help)]) from None
    return _finish(files.start(files.read(found), found), overrides)


def loads(text: str, file: str = "<recipe>", overrides: Sequence[str] = ()) -> Recipe:
    """See `optcli.recipe.loads`."""
    return _finish(parsed(text, file), overrides)


def parsed(text: str, file: str) -> Node:
    """A text's tree, laid over those it extends."""
    if len(text) > MAX_BYTES:
        raise BadRecipe([Problem("the recipe is larger than 1 MB", file, 1, 1)])
    real = None if file.startswith("<") else Path(file)
    return files.start(Source(file, text.removeprefix("\ufeff")), real)


def finished(tree: Node) -> Recipe:
    """The recipe that a tree means.

    Raises:
        BadRecipe: every mistake found, in the order of the text.
    """
    draft = Draft(tree)
    check.complete(draft)
    return draft.recipe()


def _finish(tree: Node, overrides: Sequence[str]) -> Recipe:
    try:
        tree = Patch.parse(overrides).put(tree)
    except BadRecipe as error:
        raise BadRecipe([*_mistakes(tree), *error.problems]) from None
    return finished(tree)


def _mistakes(tree: Node) -> tuple[Problem, ...]:
    try:
        finished(tree)
    except BadRecipe as error:
        return error.problems
    return ()


def execute(file: str | Path) -> None:
    """Run a file of own parts.

    Raises:
        BadRecipe: it failed; the problem names its line.
    """
    from optcli.parts import own

    try:
        own.load_file(file)
    except own.ImportFailed as error:
        raise BadRecipe([Problem(error.message, str(error.path), error.line or 0, 1 if error.line else 0)]) from None
