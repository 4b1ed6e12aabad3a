"""What a recipe can name. Each kind of part is a folder, and the folder's listing is the registry.

A part is a module: its docstring is its documentation, `Options` (a frozen dataclass) what a recipe may set, and
`build` makes the thing itself and is the only place that imports torch. Own parts are added by the decorators of the
`optcli` package in a file that `--import` names (see `optcli.parts.own`), or by an installed package's entry points in
the group `optcli.<kind>` (`optcli.model`, ...), which are loaded only when a recipe names them.

A name with a prefix, such as `zoo:lamb`, is a member of a family: a module in the folder's `_families` that makes parts
of another package's classes. It has `names()` and `member(name)`, and imports that package only to build.
"""

from __future__ import annotations

import ast
import pkgutil
import sys
from collections.abc import Collection, Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, cast

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

DECORATED: Final = ("model", "data", "loss", "metric")
IMPORTED: Final = "optcli_import_"
"""What the names of modules begin with that were made of the user's files."""
_own: dict[tuple[str, str], Any] = {}


class UnknownPart(LookupError):
    """No part of that kind has that name. `known` lists the names there are."""

    def __init__(self, kind: str, name: str, known: Iterable[str] | None = None) -> None:
        self.kind, self.name, self.known = kind, name, names(kind) if known is None else list(known)
        super().__init__(f"unknown {kind} `{name}`")


class UnusablePart(Exception):
    """There is such a part, but it can't be used here; `help` says what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


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
def families(kind: str) -> tuple[str, ...]:
    """Prefixes of names that stand for other packages' classes."""
    folder = Path(__file__).parent / KINDS[kind] / "_families"
    return tuple(sorted(m.name for m in pkgutil.iter_modules([str(folder)]) if not m.name.startswith("_")))


def family(kind: str, prefix: str) -> Any:
    """The module of one of `families`."""
    return import_module(f"{__name__}.{KINDS[kind]}._families.{prefix}")


@cache
def _installed(kind: str) -> dict[str, Any]:
    return {point.name: point for point in entry_points(group=f"optcli.{kind}")}


def names(kind: str) -> list[str]:
    """All names that a recipe may use for this kind of part, those of families left out; nothing is imported."""
    return sorted({*bundled(kind), *_installed(kind), *(name for own, name in _own if own == kind)})


def house(kind: str, name: str) -> str:
    """What a name that was renamed, or is another library's, is called here; `name` itself if it is neither."""
    name = getattr(import_module(f"{__name__}.{KINDS[kind]}"), "RENAMED", {}).get(name, name)
    return name if name in names(kind) else aliases(kind).get(name, name)


def aliases(kind: str) -> dict[str, str]:
    """Other libraries' names that recipes may use -> what they are called here."""
    return dict(getattr(import_module(f"{__name__}.{KINDS[kind]}"), "ALIASES", {}))


def advice(kind: str, name: str) -> str:
    """What to write instead of another library's name that has no part of the same meaning, or above something of that
    name in an imported file; empty if unknown."""
    said = getattr(import_module(f"{__name__}.{KINDS[kind]}"), "ADVICE", {}).get(name) or _undecorated(kind, name)
    return str(said or _elsewhere(kind, name))


def _elsewhere(kind: str, name: str) -> str:
    """What to write for the name of a member of families whose packages are installed."""
    there = [f"`{prefix}:{name.lower()}`" for prefix in families(kind) if name.lower() in _members(kind, prefix)]
    return f"write {' or '.join(there)}" if there else ""


def _members(kind: str, prefix: str) -> Collection[str]:
    try:
        return cast("Collection[str]", family(kind, prefix).names())
    except UnusablePart:
        return ()


def _undecorated(kind: str, name: str) -> str:
    files = [module for key, module in sys.modules.items() if key.startswith(IMPORTED) and kind in DECORATED]
    there = next((file.__file__ for file in files if callable(getattr(file, name, None))), None)
    return f"`{name}` in {there} is none yet: write `@optcli.{kind}` above it" if there else ""


def find(kind: str, name: str) -> Any:
    """The part itself: a module, or whatever was registered.

    Raises:
        UnknownPart: there is none of that name.
        UnusablePart: a family's package is not installed, or the member can't be used in recipes.
    """
    if (kind, name) in _own:
        return _own[kind, name]
    prefix, colon, member = name.partition(":")
    if colon and prefix in families(kind):
        return family(kind, prefix).member(member)
    if name not in bundled(kind):
        name = house(kind, name)
    if name in bundled(kind):
        return import_module(f"{__name__}.{KINDS[kind]}.{name}")
    if name in _installed(kind):
        loaded = _installed(kind)[name].load()  # a part, or a decorated function, which has registered one
        return next((p for (k, _), p in _own.items() if k == kind and getattr(p, "function", p) is loaded), loaded)
    raise UnknownPart(kind, name)


def usable(kind: str) -> list[str]:
    """Those of `names` that can be loaded: another package's part may fail in any way."""
    return [name for name in names(kind) if not _fails(kind, name)]


def _fails(kind: str, name: str) -> str:
    """Why the part can't be loaded; nothing if it can."""
    try:
        find(kind, name)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def doc(kind: str, name: str) -> str:
    """The part's documentation; a bundled one is read without importing it."""
    if (kind, name) not in _own and name in bundled(kind):
        base = Path(__file__).parent / KINDS[kind] / name
        file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    failed = _fails(kind, name) if name in _installed(kind) else ""
    return f"Can't be loaded: {failed}." if failed else (find(kind, name).__doc__ or "").strip()
