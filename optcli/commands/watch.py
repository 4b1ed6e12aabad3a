"""`optcli watch`: follow a log that still grows and say each finding once, the moment it is due."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from optcli.show.screen import Screen

if TYPE_CHECKING:
    from optcli.show.follow import Follower

Level = Literal["error", "warning", "info", "never"]


def command(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A log file or run directory; it need not be there yet.")],
    fail_on: Annotated[
        Level, typer.Option(help="Exit with 1 when a finding of this severity, or a worse one, stands at the end.")
    ] = "never",
    interval: Annotated[float, typer.Option(metavar="SECONDS", help="How often to look.")] = 2.0,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait for PATH to appear.")] = 600.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, and say what is due by now.")] = False,
    select: Annotated[list[str] | None, typer.Option(metavar="CODES", help="Look for these codes only.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="CODES", help="Don't look for these codes.")] = None,
    map: Annotated[
        list[str] | None, typer.Option(metavar="ROLE=NAME", help="Which column plays which role, or step=NAME.")
    ] = None,
    pattern: Annotated[str | None, typer.Option(metavar="REGEX", help="For console text, as in diagnose.")] = None,
) -> None:
    """Follow a growing log of any framework and speak the moment something is wrong.

    Ends when the run has ended, with 0 unless --fail-on says otherwise, or with Ctrl-C and 130.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from optcli.commands import reading
    from optcli.exits import Exit, Failure
    from optcli.run.memory import Memory
    from optcli.show import clean
    from optcli.show.follow import Follower
    from optcli.show.report import fails

    if path == "-":
        raise Failure(Exit.USAGE, "watch can't follow standard input", "write the log to a file and watch that")
    if not interval > 0 or not wait >= 0:
        message = "--interval: not above 0" if not interval > 0 else "--wait: not 0 or more"
        raise Failure(Exit.USAGE, message, "give seconds, such as 2")
    chosen, ignored, roles = reading.codes(select) or None, reading.codes(ignore), reading.mapping(map)
    pattern, memory = reading.pattern(pattern), Memory()
    follower = Follower(path, lambda: reading.growing(path, roles, pattern, chosen, ignored, memory))
    if not once:
        what = "watching" if os.path.lexists(path) else f"waiting {wait:g} s for"
        print(f"{what} {clean.line(path, 4096)}; Ctrl-C ends it", file=sys.stderr)
    follow(follower, once=once, interval=interval, wait=0.0 if once else wait)
    if not follower.reports:
        raise Failure(*follower.nothing())
    if fails(follower.reports, fail_on):
        raise typer.Exit(Exit.FINDINGS)


def follow(
    follower: Follower,
    *,
    once: bool,
    interval: float,
    wait: float,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Look, speak, and pause until the run has ended, or Ctrl-C, which goes on to the caller.

    A look that takes long is followed by a longer pause, so that watching never costs more than a twentieth of a core.
    """
    from optcli.show.follow import Silence

    began, silence = clock(), Silence(follower.path)
    screen = Screen.of(sys.stdout)
    try:
        while True:
            looked = clock()
            for line in follower.news():
                print(*screen.lines(line), sep="\n", flush=True)
            if still := silence.look(follower.stamp or (), looked):
                print(*screen.lines(still), sep="\n", flush=True)
            if once or follower.ended or (not follower.reports and clock() - began >= wait):
                return
            pause(max(interval, 20 * (clock() - looked)))
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the terminal has written ^C
        raise
    finally:
        for line in follower.farewell():
            print(*screen.lines(line), sep="\n", flush=True)
