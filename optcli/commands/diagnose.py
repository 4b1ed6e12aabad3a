"""`optcli diagnose`: logs in, a verdict out."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

import typer

Format = Literal["text", "json", "github", "junit", "md", "html", "sarif"]
Level = Literal["error", "warning", "info", "never"]


def command(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Log files, run directories, directories of many runs, or - for standard input.",
            show_default=False,
        ),
    ],
    format: Annotated[
        Format | None,
        typer.Option(help="How to print the diagnosis.  [default: as --output ends, else text]", show_default=False),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to standard output.")
    ] = None,
    fail_on: Annotated[
        Level, typer.Option(help="Exit with 1 when a finding of this severity, or a worse one, was made.")
    ] = "warning",
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="CODES", help="Look for these only: codes or families, such as OPT101,NUM."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="CODES", help="Don't look for these.")] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE=NAME", help="Which column plays which role: val/loss=eval_loss, step=my_counter."),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="For console text: a regular expression with named groups, such as (?P<step>...) and (?P<loss>...).",
        ),
    ] = None,
    training: Annotated[
        int | None,
        typer.Option(metavar="N", help="Of several trainings in one log, judge this one.  [default: the last]"),
    ] = None,
) -> None:
    """Read the logs of any framework; say what is wrong, why, and what to do.

    Exits with 0 (nothing at the --fail-on level), 1 (findings), 2 (a wrong flag, a missing path) or 5 (no path gave a
    curve).
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a pool of threads costs numpy's import more than it gives here
    from optcli.commands import reading
    from optcli.show import formats
    from optcli.show.report import fails

    chosen, ignored = reading.codes(select), reading.codes(ignore)
    read = reading.reports(paths, reading.mapping(map), reading.pattern(pattern), chosen or None, ignored, training)
    shape = format or formats.fitting(output)
    formats.write(read.reports, shape, output, paths)
    read.complain(told=shape == "text" and output is None and sys.stdout.isatty())
    if read.status or fails(read.reports, fail_on):
        raise typer.Exit(read.status or 1)
