"""Where a user's own code stands: errors in it are told with its file and line, and without a traceback."""

from __future__ import annotations

import inspect
import sysconfig
import traceback
from pathlib import Path
from typing import Any, Final

_OURS: Final = Path(__file__).parents[1]
_STDLIB: Final = Path(sysconfig.get_path("stdlib"))
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
"""Folders of installed packages: an error inside of torch is told at the line that called it."""


class Misuse(TypeError):
    """An own part doesn't do what is asked of one; the message is for its author and needs no class name."""


class PartFailed(Exception):
    """The code of an own part failed; the message begins with the place, as far as it is known."""


def told(error: BaseException) -> str:
    """The error in one line: its class, but for `Misuse`, and what it says."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    text = " ".join(str(error).split()).partition(" Hint: enable anomaly")[0][:500]
    return text if isinstance(error, Misuse) else f"{type(error).__name__}: {text}".removesuffix(": ")


def place(error: BaseException, function: Any = None) -> str:
    """`file:line` of the innermost frame in the user's own code, else where `function` is defined, else nothing."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if theirs(frame.filename):
            return f"{frame.filename}:{frame.lineno}"
    return home(function)


def home(function: Any) -> str:
    """`file:line` of a function, or of a class's `forward` or `__init__`; nothing where there is no source."""
    if inspect.isclass(function):
        function = vars(function).get("forward") or vars(function).get("__init__")
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


def own_home(function: Any) -> str:
    """The same, if it stands in the user's own code; else nothing."""
    place = home(function)
    return place if place and theirs(place.rpartition(":")[0]) else ""


def theirs(name: str) -> bool:
    """Whether a source file is the user's own: not optcli's, the standard library's or an installed package's."""
    file = Path(name)
    if _INSTALLED & set(file.parts) or any(file.is_relative_to(root) for root in (_OURS, _STDLIB)):
        return False
    return file.is_file()
