"""What another package's source says of its classes, read without importing it: recipes are checked without torch."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache, reduce
from importlib.util import find_spec
from operator import or_
from pathlib import Path
from types import GenericAlias
from typing import Any, Final, Literal, NamedTuple

_PLAIN: Final[dict[str, Any]] = {"float": float, "int": int, "bool": bool, "str": str, "None": None}
_ARGUMENT: Final = re.compile(r"( {4,12})(\w+)(?: \(.*\))?:(.*)")


class Parameter(NamedTuple):
    """One parameter of a class's `__init__`."""

    name: str
    type: Any
    """A type for pydantic; None where a recipe can't say such a value."""
    default: Any
    """`REQUIRED` if there is none."""
    doc: str


REQUIRED: Final = object()


def folder(package: str) -> Path | None:
    """Where an installed package lies; None if it isn't installed."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imported(file: Path) -> dict[str, Path]:
    """Names that a module imports from its own package -> the module they come from."""
    found: dict[str, Path] = {}
    for node in _tree(file).body:
        if isinstance(node, ast.ImportFrom):
            module = _module(file, node)
            found |= {alias.asname or alias.name: module for alias in node.names} if module is not None else {}
    return found


def _module(file: Path, node: ast.ImportFrom) -> Path | None:
    steps = (node.module or "").split(".")
    above = (p.parent for p in file.parents if p.name == steps[0])
    base = file.parents[node.level - 1] if node.level else next(above, None)
    if base is None:
        return None
    whole = base.joinpath(*filter(None, steps))
    return next((f for f in (whole.with_suffix(".py"), whole / "__init__.py") if f.is_file()), None)


def definition(file: Path, name: str) -> tuple[Path, ast.ClassDef] | None:
    """The class called `name` in a module, or where the module imports it from; None if it is another package's."""
    for node in _tree(file).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return file, node
    source = imported(file).get(name)
    return definition(source, name) if source is not None else None


def parameters(file: Path, name: str) -> list[Parameter]:
    """The parameters of the class's `__init__` after the first, with their types, defaults and documentation.

    Raises:
        LookupError: there is no such class, or its `__init__` is another package's.
    """
    found = definition(file, name)
    if found is None:
        raise LookupError(name)
    home, node = found
    init = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"), None)
    if init is None:
        return parameters(home, next((ast.unparse(base) for base in node.bases), ""))
    told = {**_told(node), **_told(init)}
    positional, given = init.args.args[2:], init.args.defaults
    defaults = [
        *[None] * (len(positional) - len(given)),
        *given[max(0, len(given) - len(positional)) :],
        *init.args.kw_defaults,
    ]
    both = zip([*positional, *init.args.kwonlyargs], defaults, strict=True)
    return [_parameter(argument, default, told.get(argument.arg, "")) for argument, default in both]


def first(file: Path, name: str) -> str:
    """What the class documents itself with: the first paragraph, in one line."""
    found = definition(file, name)
    text = ast.get_docstring(found[1]) if found is not None else None
    return " ".join((text or "").split("\n\n")[0].split())


def _told(node: Any) -> dict[str, str]:
    """The descriptions below `Args:` or `Arguments:` of a docstring."""
    told: dict[str, str] = {}
    name, depth = "", 0
    for line in inspect.cleandoc(ast.get_docstring(node) or "").splitlines():
        match = _ARGUMENT.fullmatch(line)
        if match and (not name or len(match[1]) <= depth):
            name, depth, told[match[2]] = match[2], len(match[1]), match[3].strip()
        elif name and line.startswith(" " * (depth + 1)):
            told[name] += f" {line.strip()}"
        elif line.strip():
            name = ""
    return told


def _parameter(argument: ast.arg, default: ast.expr | None, doc: str) -> Parameter:
    try:
        value = REQUIRED if default is None else ast.literal_eval(default)
    except ValueError:  # an expression: what it comes to only the package knows
        return Parameter(argument.arg, None, None, doc)
    kind = _type(argument.annotation, value) if argument.annotation is not None else _of(value)
    return Parameter(argument.arg, kind, value, doc)


def _of(value: Any) -> Any:
    """The type that a default speaks for; None where it doesn't."""
    if isinstance(value, tuple):
        kinds = tuple(_of(item) for item in value)
        return None if None in kinds else GenericAlias(tuple, kinds)
    return type(value) if isinstance(value, bool | str) else float if isinstance(value, int | float) else None


def _type(node: ast.expr, default: Any) -> Any:
    """The type that an annotation means, without what a recipe can't say; None if nothing is left."""
    if isinstance(node, ast.Constant):
        return None
    if isinstance(node, ast.BinOp):
        return _union([node.left, node.right], default)
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _composed(ast.unparse(node.value).rpartition(".")[2], inner, default)
    name = ast.unparse(node)
    return _PLAIN[name] if name in _PLAIN else _of(default) if default is not REQUIRED else None


def _union(nodes: list[ast.expr], default: Any) -> Any:
    kinds = [kind for kind in (_type(node, default) for node in nodes if not _is_none(node)) if kind is not None]
    if not kinds:
        return None
    return reduce(or_, [*kinds, None] if default is None or any(map(_is_none, nodes)) else kinds)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _inside(item: ast.expr) -> Any:
    """The type of an item of a tuple or list: `...` and None stand for themselves."""
    if isinstance(item, ast.Constant):
        return type(None) if item.value is None else ...
    return _type(item, REQUIRED)


def _composed(outer: str, inner: list[ast.expr], default: Any) -> Any:
    if outer == "Literal":
        choices: Any = Literal
        return choices[tuple(ast.literal_eval(item) for item in inner)]
    if outer in ("Optional", "Union"):
        return _union([*inner, *([ast.Constant(None)] if outer == "Optional" else [])], default)
    kinds = [_inside(item) for item in inner]
    if outer in ("tuple", "Tuple", "list", "List", "Sequence") and None not in kinds:
        return GenericAlias(tuple, tuple(kinds)) if outer.lower() == "tuple" else GenericAlias(list, (kinds[0],))
    return None
