"""The formats of a diagnosis by name, and where they go."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from optcli.exits import Exit, Failure
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


def write(reports: Sequence[Report], format: str, output: str | None = None) -> None:
    """Print the reports, or write them to the file `output`.

    Raises:
        Failure: the file can't be created.
    """
    if output is None:
        sys.stdout.write(render(reports, format, Screen.of(sys.stdout)))
        return
    save(render(reports, format, Screen()), output)


def save(text: str, file: str) -> None:
    """Write a report's text.

    Raises:
        Failure: the directory isn't there.
        OSError: anything else; it says which file.
    """
    try:
        Path(file).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except FileNotFoundError:
        raise Failure(Exit.CANNOT_CREATE, f"{file}: its directory doesn't exist", "make the directory first") from None
    except OSError as error:  # writing, unlike opening, doesn't say which file it was
        raise OSError(error.errno, error.strerror, file) from None
