"""What a recipe can name. Each kind of part is a folder, and the folder's listing is the registry.

A part is a module: its docstring is its documentation, `Options` (a frozen dataclass) what a recipe may set, and
`build` makes the thing itself and is the only place that imports torch. Own parts are added by the decorators of the
`optcli` package in a file that `--import` names (see `optcli.parts.own`), or by an installed package's entry points in
the group `optcli.<kind>` (`optcli.model`, ...), which are loaded only when a recipe names them.
"""

from __future__ import annotations

import ast
import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

KINDS: Final = {
    "optimizer": "optimizers",
    "schedule": "schedules",
    "regularizer": "regularizers",
    "model": "models",
    "data": "datasets",
    "loss": "losses",
    "metric": "metrics",
}
"""Kind of part, as recipes call it -> its folder."""

_own: dict[tuple[str, str], Any] = {}


class UnknownPart(LookupError):
    """No part of that kind has that name. `known` lists the names there are."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name, self.known = kind, name, names(kind)
        super().__init__(f"unknown {kind} `{name}`")


def add(kind: str, name: str, part: Any) -> None:
    """Register an own part (any object with `Options` and `build`) under `name`; it hides a bundled one."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of part `{kind}`: {', '.join(KINDS)}")
    _own[kind, name] = part


def forget() -> None:
    """Drop all own parts: for tests, and for long-lived processes that load another project's file."""
    _own.clear()


@cache
def bundled(kind: str) -> tuple[str, ...]:
    """Names of the parts in the kind's folder."""
    folder = Path(__file__).parent / KINDS[kind]
    return tuple(sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if not m.name.startswith("_")))


@cache
def _installed(kind: str) -> dict[str, Any]:
    return {point.name: point for point in entry_points(group=f"optcli.{kind}")}


def names(kind: str) -> list[str]:
    """All names that a recipe may use for this kind of part; nothing is imported."""
    return sorted({*bundled(kind), *_installed(kind), *(name for own, name in _own if own == kind)})


def house(kind: str, name: str) -> str:
    """What a name that was renamed, or is another library's, is called here; `name` itself if it is neither."""
    name = getattr(import_module(f"{__name__}.{KINDS[kind]}"), "RENAMED", {}).get(name, name)
    return name if name in names(kind) else aliases(kind).get(name, name)


def aliases(kind: str) -> dict[str, str]:
    """Other libraries' names that recipes may use -> what they are called here."""
    return dict(getattr(import_module(f"{__name__}.{KINDS[kind]}"), "ALIASES", {}))


def advice(kind: str, name: str) -> str:
    """What to write instead of another library's name that has no part of the same meaning; empty if unknown."""
    return str(getattr(import_module(f"{__name__}.{KINDS[kind]}"), "ADVICE", {}).get(name, ""))


def find(kind: str, name: str) -> Any:
    """The part itself: a module, or whatever was registered.

    Raises:
        UnknownPart: there is none of that name.
    """
    if (kind, name) in _own:
        return _own[kind, name]
    if name not in bundled(kind):
        name = house(kind, name)
    if name in bundled(kind):
        return import_module(f"{__name__}.{KINDS[kind]}.{name}")
    if name in _installed(kind):
        return _installed(kind)[name].load()
    raise UnknownPart(kind, name)


def doc(kind: str, name: str) -> str:
    """The part's documentation; a bundled one is read without importing it."""
    if (kind, name) not in _own and name in bundled(kind):
        base = Path(__file__).parent / KINDS[kind] / name
        file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return (find(kind, name).__doc__ or "").strip()
