"""The formats of a diagnosis by name, and where they go."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from optcli.exits import Exit, Failure
from optcli.run.files import replace
from optcli.show.report import Report
from optcli.show.screen import Screen

MODULES: Final = {
    "json": "json_",
    "github": "github",
    "junit": "junit",
    "md": "markdown",
    "html": "html",
    "sarif": "sarif",
}
"""Format -> module of this package with `render(reports) -> str`; `text` alone asks what the screen can take."""

ENDINGS: Final = {
    ".html": "html",
    ".htm": "html",
    ".md": "md",
    ".markdown": "md",
    ".json": "json",
    ".sarif": "sarif",
    ".xml": "junit",
}
"""Ending of a file's name -> the format it promises."""


OF_A_RUN: Final = ("journal.jsonl", "recipe.yaml", "summary.json", "environment.json")


def fitting(output: str | None, known: Collection[str] = MODULES) -> str:
    """The format, of those `known`, that the name of the file `output` promises; else `text`."""
    format = ENDINGS.get(Path(output or "").suffix.lower(), "text")
    return format if format in known else "text"


def render(reports: Sequence[Report], format: str, screen: Screen) -> str:
    """The reports in a format (a key of `MODULES`, or `text`)."""
    if format == "text":
        from optcli.show import text

        return text.render(reports, screen)
    shown: str = import_module(f"optcli.show.{MODULES[format]}").render(reports)
    return shown


def write(reports: Sequence[Report], format: str, output: str | None = None, read: Sequence[str] = ()) -> None:
    """Print the reports on what was `read`, or write them to the file `output`.

    Raises:
        Failure: the file can't be created, or is one of those that were read.
    """
    if output is None:
        sys.stdout.write(render(reports, format, Screen.of(sys.stdout)))
        return
    save(render(reports, format, Screen()), output, read)


def save(text: str, file: str, read: Sequence[str] = ()) -> None:
    """Write a report's text in one piece: a full disk leaves the page that was there.

    Raises:
        Failure: the directory isn't there; no file can have that name; it is one that was `read`, or belongs to a run.
        OSError: anything else; it says which file.
    """
    given, data = Path(file), text.encode("utf-8", "backslashreplace")
    if _is_read(given, read):
        message = f"{file} holds what is reported on and would be lost"
        raise Failure(Exit.CANNOT_CREATE, message, "name another file with --output")
    try:
        if given.exists() and not given.is_file():  # a device or a pipe
            given.write_bytes(data)
        else:
            replace(given.resolve(), data, durable=False)
    except FileNotFoundError:
        raise Failure(Exit.CANNOT_CREATE, f"{file}: its directory doesn't exist", "make the directory first") from None
    except OSError as error:  # writing, unlike opening, doesn't say which file it was
        raise OSError(error.errno, error.strerror, file) from None
    except ValueError:  # NUL, or a character that is none
        raise Failure(Exit.CANNOT_CREATE, f"no file can be called {file!r}", "use another name") from None


def _is_read(target: Path, read: Sequence[str]) -> bool:
    """Whether it is one of the files, or one of those that a run directory is made of."""
    if not target.is_file():
        return False
    of_run = target.name in OF_A_RUN and (target.parent / OF_A_RUN[0]).is_file()
    return of_run or any(os.path.exists(path) and os.path.samefile(target, path) for path in read)
