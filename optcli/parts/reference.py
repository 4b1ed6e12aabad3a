"""What the parts' files say of their options, read without importing them: for `parts`, schemas and documentation."""

from __future__ import annotations

import ast
import inspect
from dataclasses import MISSING, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from optcli import units
from optcli.parts import KINDS, bundled, doc, find

_LIMITS: Final = {"Gt": ">", "Ge": ">=", "Lt": "<", "Le": "<="}
_UNITS: Final = {name: getattr(units, name) for name in ("Positive", "NonNegative", "Share", "Rate", "Count")}


@dataclass(frozen=True, slots=True)
class OptionDoc:
    """One option of a part, as text."""

    name: str
    type: str
    """`number`, `integer`, `true or false`, `text`, `duration`, `a | b` (one of these) or `list of ...`."""
    limits: str
    """Such as `> 0, < 1`; empty if there are none."""
    default: str
    """As a recipe would have it; empty if the option must be given."""
    doc: str


def summary(kind: str, name: str) -> str:
    """The first line of the part's documentation."""
    return doc(kind, name).partition("\n")[0]


def options(kind: str, name: str) -> list[OptionDoc]:
    """The part's options in their order. A bundled part is not imported.

    Raises:
        UnknownPart: there is none of that name.
    """
    part = find(kind, name) if name not in bundled(kind) else None
    return list(_bundled_options(kind, name)) if part is None else _made_options(part.Options)


@cache
def _bundled_options(kind: str, name: str) -> tuple[OptionDoc, ...]:
    base = Path(__file__).parent / KINDS[kind] / name
    return in_file(base / "__init__.py" if base.is_dir() else base.with_suffix(".py"), "Options")


def in_file(file: Path, name: str) -> tuple[OptionDoc, ...]:
    """The options that are the fields of the class `name` in a file, which is not imported."""
    tree = _Constants().visit(ast.parse(file.read_text(encoding="utf-8")))
    body = next((node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name), [])
    return tuple(_option(node, after) for node, after in zip(body, [*body[1:], None], strict=True) if _is_field(node))


class _Constants(ast.NodeTransformer):
    """Puts values in the place of a file's constants, such as `TRAIN: Final = 500`."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        named = (n for n in node.body if isinstance(n, (ast.Assign, ast.AnnAssign)))
        self.known = {_named(n): n.value for n in named if isinstance(n.value, ast.Constant)}
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.known.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def _named(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)


def _option(node: Any, after: ast.stmt | None) -> OptionDoc:
    kind, limits = _type(node.annotation)
    told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
    return OptionDoc(node.target.id, kind, limits, _default(node.value), inspect.cleandoc(str(told)))


def _default(node: ast.expr | None) -> str:
    """A default as YAML would have it."""
    if node is None:
        return ""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "field":
        return "{}"
    if isinstance(node, ast.Call):  # Duration(0.05, "share")
        return str(units.Duration(*(ast.literal_eval(argument) for argument in node.args)))
    if isinstance(node, (ast.Tuple, ast.List)):
        return "[" + ", ".join(_default(item) for item in node.elts) + "]"
    return shown(ast.literal_eval(node))


def shown(value: Any) -> str:
    """A value as YAML would have it, in one line."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _type(node: ast.expr) -> tuple[str, str]:
    """(type, limits) of an annotation in a bundled part's file."""
    names = {
        "Count": "integer",
        "int": "integer",
        "float": "number",
        "bool": "true or false",
        "str": "text",
        "Stage": "stage",
        "Course": "mapping",
        "Long": "integer",
    }
    if isinstance(node, ast.Name):
        limits = _unit_limits(node.id)
        return names.get(node.id, "duration" if node.id == "Duration" else "number"), limits
    if isinstance(node, ast.Constant):
        return "null", ""
    if isinstance(node, ast.BinOp):
        (left, low), (right, high) = _type(node.left), _type(node.right)
        return f"{left} or {right}", low or high
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _composed(node.value.id, inner)
    raise ValueError(f"an option's type that can't be told: {ast.unparse(node)}")


def _composed(outer: str, inner: list[ast.expr]) -> tuple[str, str]:
    if outer == "Literal":
        return " | ".join(shown(ast.literal_eval(item)) for item in inner), ""
    if outer == "dict":
        return "mapping", ""
    kind, limits = _type(inner[0])
    if outer == "Annotated":
        own = [_LIMITS[c.func.id] + " " + ast.unparse(c.args[0]) for c in inner[1:] if _is_limit(c)]  # type: ignore[attr-defined]
        return kind, ", ".join(filter(None, [limits, *own]))
    many = len(inner) == 1 or isinstance(inner[-1], ast.Constant) or outer == "list"
    return f"list of {'' if many else f'{len(inner)} '}{kind}s", limits


def _is_limit(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _LIMITS


def _unit_limits(name: str) -> str:
    return _told(get_args(_UNITS[name])[1:]) if name in _UNITS else ""


def _told(metadata: Any) -> str:
    limits = [(sign, getattr(m, kind.lower(), None)) for m in metadata for kind, sign in _LIMITS.items()]
    return ", ".join(f"{sign} {shown(value)}" for sign, value in limits if value is not None)


def _made_options(made: Any) -> list[OptionDoc]:
    """Options of a part that is an object already: its types as Python writes them."""
    found = []
    for name, one in made.__dataclass_fields__.items():
        given = one.default if one.default_factory is MISSING else one.default_factory()
        kind = get_args(one.type)[0] if hasattr(one.type, "__metadata__") else one.type
        told = kind.__name__ if isinstance(kind, type) and get_origin(kind) is None else str(kind)
        if get_origin(kind) is Literal:
            told = " | ".join(map(shown, get_args(kind)))
        default = "" if given is MISSING else shown(given)
        found.append(
            OptionDoc(name, told, _told(getattr(one.type, "__metadata__", ())), default, one.metadata.get("doc", ""))
        )
    return found
