"""`optcli report`: runs as a page to keep, to send or to look at in a browser."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Final

import typer

PAGES: Final = ("html", "md")
"""The formats that are pages."""
_OURS: Final = re.compile(
    rb"<title>optcli: |\A## \S+ (?:healthy|ill|unknown|unreadable): |\A\| verdict \| run \| main finding \|"
)
"""What a page of ours holds near its beginning."""


def command(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help="Run directories, logs, or directories of many runs.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The page to write: a name in .html or .md."),
    ] = Path("report.html"),
) -> None:
    """Write runs and their diagnoses as one page of HTML or Markdown.

    The page needs nothing else, no network, and scripts only to zoom: curves, findings, what to do about them, and the
    recipe as run. Exits with 0 whatever was found, 2 (a missing path), 5 (no path gave a curve) or 73 (the file is
    another's).
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from optcli.commands import reading
    from optcli.exits import Exit, Failure
    from optcli.show import formats

    format = formats.fitting(str(output), PAGES)
    if format not in PAGES:
        endings = ", ".join(ending for ending, format in formats.ENDINGS.items() if format in PAGES)
        raise Failure(Exit.USAGE, f"--output: `{output.name}` ends in none of {endings}")
    if not _ours(output):
        raise Failure(Exit.CANNOT_CREATE, f"{output} is there and no page of optcli's", "name another with --output")
    read = reading.reports(paths)
    if any(report.run is not None for report in read.reports):
        formats.write(read.reports, format, str(output), paths)
        typer.echo(output)
    read.complain()
    if read.status:
        raise typer.Exit(read.status)


def _ours(file: Path) -> bool:
    """Whether nothing is lost by writing there."""
    if not file.is_file():
        return True
    with file.open("rb") as opened:
        head = opened.read(2000)
    return not head or _OURS.search(head) is not None
