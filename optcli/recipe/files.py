"""Finding and reading recipes, and laying one over those it extends."""

from __future__ import annotations

import os
import stat
from functools import reduce
from pathlib import Path
from typing import Final

from optcli.recipe import bundled
from optcli.recipe.edit import lay_over
from optcli.recipe.problem import BadRecipe, Problem
from optcli.recipe.spelling import either, nearest
from optcli.recipe.text import MAX_BYTES, parse
from optcli.recipe.tree import Node, Source, from_plain

MAX_EXTENDS: Final = 10
"""Recipes on the way from one to the last that it extends."""
MAX_FILES: Final = 50
"""Recipes that one may extend, counted as often as they are read."""
_SUFFIXES: Final = (".yaml", ".yml")


def find(name: str, folder: Path) -> Path:
    """The file that `name` means: one in `folder`, an absolute one, or a bundled recipe.

    Raises:
        LookupError: no such file, no such bundled recipe; the message is for people.
    """
    file = folder / name
    looks_like_file = name.endswith(_SUFFIXES) or "\\" in name or name.startswith((".", "/", "~"))
    if not looks_like_file and name in bundled.names():
        return bundled.path(name)
    try:
        if file.exists():
            return file
    except (OSError, ValueError):
        pass
    raise LookupError(f"there is no {'file' if looks_like_file else 'file or bundled recipe'} `{name}`")


def hint_for(name: str, folder: Path) -> str:
    """The file that lacks only its ending, the nearest file beside it or bundled recipe, or how to list these."""
    if os.path.isfile(folder / f"{name}.yaml"):
        return f"did you mean `{name}.yaml`?"
    try:
        files = (file for file in (folder / name).parent.glob("*.y*ml") if file.exists())  # no link to nowhere
        beside = [str(Path(name).with_name(file.name)) for file in files]
    except (OSError, ValueError):
        beside = []
    near = nearest(name, beside) or nearest(name.removesuffix(".yaml"), bundled.names())
    return f"did you mean {either(near)}?" if near else "`optcli recipes` lists the bundled ones"


def read(file: Path) -> Source:
    """A recipe's text.

    Raises:
        BadRecipe: not a file, unreadable, too large, or not UTF-8.
    """
    name = str(file)
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            inside = file / "recipe.yaml"
            help = f"did you mean `{inside}`?" if inside.is_file() else "name a recipe's YAML file"
            raise BadRecipe([Problem("not a file", name, help=help)])
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadRecipe([Problem(f"can't be read: {why.lower()}", name)]) from None
    if len(data) > MAX_BYTES:
        help = "a recipe is a few dozen lines; is it the right file?"
        raise BadRecipe([Problem("the recipe is larger than 1 MB", name, 1, 1, help=help)])
    return decoded(data, name)


def decoded(data: bytes, name: str) -> Source:
    """Bytes as text; a byte order mark is dropped."""
    try:
        return Source(name, data.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        help = "save the file as UTF-8 text"
        message = f"byte {data[error.start]:#04x} is not UTF-8"
        raise BadRecipe([Problem(message, name, line, column, help=help)]) from None


def checked(top: Node) -> Node:
    """A recipe's outermost value, if it is a mapping."""
    if isinstance(top.value, dict) and top.value:
        return top
    help = "the shortest recipe is `data: fashion`"
    if top.value is None or top.value == {}:
        raise top.span.fail("the recipe is empty", help)
    what = "a list" if isinstance(top.value, list) else "a single value"
    raise top.span.fail(f"a recipe is a mapping of keys to values, this is {what}", help)


def _wishes(node: Node) -> list[Node]:
    wishes = node.items if isinstance(node.value, list) else [node]
    for wish in wishes:
        if not isinstance(wish.value, str) or not wish.value.strip():
            message = "`extends` must be a file, a bundled recipe, or a list of them"
            raise wish.span.fail(message, "write extends: base.yaml")
    return wishes


def start(source: Source, file: Path | None) -> Node:
    """The recipe's tree, laid over those it extends; `extends` itself is gone.

    Bases are looked for beside `file`, or in the working directory if there is none.

    Raises:
        BadRecipe: whatever is wrong with the texts; a cycle; a missing file; too many or too large ones.
    """
    above = (file.resolve(),) if file is not None else ()
    return _Layers().tree(source, file.parent if file is not None else Path(), above)


class _Layers:
    """Counts what is read, so that recipes that extend one another many times can't take for ever."""

    def __init__(self) -> None:
        self.files = self.size = 0

    def tree(self, source: Source, folder: Path, above: tuple[Path, ...]) -> Node:
        self.size += len(source.text)
        top = checked(parse(source))
        entry = top.entries.get("extends")
        if entry is None:
            return top
        bases = [self.base(wish, folder, above) for wish in _wishes(entry.node)]
        return reduce(lay_over, [*bases, top.having("extends", None)], from_plain({}, top.span))

    def base(self, wish: Node, folder: Path, above: tuple[Path, ...]) -> Node:
        try:
            file = find(wish.value, folder)
            real = file.resolve()
        except (LookupError, OSError, ValueError, RuntimeError) as error:
            raise wish.span.fail(str(error.args[0]), hint_for(wish.value, folder)) from None
        self.files += 1
        if real in above:
            raise wish.span.fail(f"`{wish.value}` extends itself, by way of this line", "remove one `extends`")
        if len(above) > MAX_EXTENDS or self.files > MAX_FILES or self.size > MAX_BYTES:
            message = f"recipes extend one another more than {MAX_EXTENDS} deep, or more than {MAX_FILES} in all"
            raise wish.span.fail(message, "lay some of them together")
        try:
            source = read(file)
        except BadRecipe as error:
            raise wish.span.fail(f"`{wish.value}`: {error.problems[0].message}", error.problems[0].help) from None
        return self.tree(source, file.parent, (*above, real))
