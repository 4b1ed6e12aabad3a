"""The words at the end of a training: how it ended, what was found, where everything is. On stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from optcli.crash import say
from optcli.diagnosis.diagnosis import SEVERITIES, Diagnosis
from optcli.exits import Exit
from optcli.show import clean, finding, text, words
from optcli.show.chart import MARGIN
from optcli.show.report import Report
from optcli.show.screen import Screen
from optcli.train.progress import clock, number
from optcli.train.session import Outcome
from optcli.train.where import going_on


def tell(outcome: Outcome, fail_on: str) -> int:
    """Say it; returns the exit status, in which findings count if they are as bad as `fail_on`."""
    if not outcome.speaks:
        return int(outcome.ending.code)
    ending = outcome.ending
    if ending.status == "failed":
        say("error", ending.reason)
    for line in _lines(outcome, Screen.of(sys.stderr)):
        print(line, file=sys.stderr)
    if ending.help:
        say("help", ending.help)
    if ending.code:
        return int(ending.code)
    return _findings(outcome.diagnosis, fail_on)


def _lines(outcome: Outcome, screen: Screen) -> list[str]:
    ending, found = outcome.ending, outcome.diagnosis
    lines = screen.lines(f"{ending.status}: {_numbers(outcome.summary)}") if ending.status != "failed" else []
    if acted := outcome.summary.get("regularizers"):
        what = ", ".join(f"{name} {number(value)}" for name, value in acted.items())
        lines += screen.lines(f"regularizers: {what}")
    if outcome.summary.get("resources"):
        lines += screen.lines(f"took: {_took(outcome.summary)}")
    if found is not None:
        lines += [*_picture(outcome.path, found, screen), *_diagnosis(found, screen)]
    if ending.status == "stopped":
        lines.append(f"go on with: {going_on(outcome.path)}")
    return [screen.fit(line) for line in [*lines, f"run: {clean.line(outcome.path, 4096)}"]]


def _diagnosis(found: Diagnosis, screen: Screen) -> list[str]:
    """The verdict, what asks for action, and the first cause with what to do about it."""
    first, *more = screen.lines(f"diagnosis: {finding.verdict(found)}")
    lines = [first.replace(found.status, screen.paint(found.status, found.status), 1), *more]
    lines += [line for f in words.ordered(found) if f.severity != "info" for line in finding.told(f, screen, "  ")]
    for cause in found.causes[:1]:
        lines += screen.lines(f"  {finding.reason(cause)}", " " * 6)
        lines += [line for text in finding.prescription(cause) for line in screen.lines(f"    {text}", " " * 6)]
    main = words.main_finding(found)
    return lines if main is None else [*lines, f"more with: optcli explain {clean.line(main.code)}"]


def _picture(path: Path, found: Diagnosis, screen: Screen) -> list[str]:
    """On a terminal the curve of the main finding, or the training loss, as the journal holds it."""
    if not screen.terminal:
        return []
    from optcli.run.assemble import read
    from optcli.run.block import Unreadable

    try:
        run = read(str(path))[0]
    except (Unreadable, OSError):
        return []
    main = words.main_finding(found)
    name = main.curve if main is not None else "train/loss"
    drawn = text.chart(Report(found, run), name, screen)
    return [f"{name:>{MARGIN}}", *drawn] if drawn else []


def _numbers(summary: Any) -> str:
    best = summary.get("best")
    told = [f"{summary['steps']} steps in {clock(summary['wall_s'])}", str(summary["reason"])]
    if summary["reason"] == "done":
        told.pop()
    if best:
        told.append(f"best {best['metric']} {number(best['value'])} at step {best['step']}")
    return ", ".join(told)


def _percent(share: float) -> str:
    return "under 0.1%" if share < 0.001 else f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _took(summary: Any) -> str:
    """Memory, speed and energy in a line; what isn't known is left out."""
    used = summary["resources"]
    kinds = ", ".join(f"{name.replace('_', ' ')} {number(size)}" for name, size in used["memory_mib"].items())
    told = [f"{summary['peak_memory_mib']:,.0f} MiB ({kinds})"]
    if summary["samples_per_s"]:
        told.append(f"{summary['samples_per_s']:,.0f} samples/s")
    if used["flops_per_step"]:
        used_up = used["utilization"]
        share = "" if used_up is None else f", {_percent(used_up)} of what a matrix product reaches"
        told.append(f"{si(used['flops_per_step'])}FLOP a step{share}")
    if used["energy_j"] is not None:
        told.append(f"{si(used['energy_j'])}J")
    if summary["time_to_target_s"] is not None:
        told.append(f"target after {clock(summary['time_to_target_s'])}")
    return "; ".join(told)


def si(value: float) -> str:
    """`1.2 G`, `340 k`: three digits and a prefix."""
    for factor, prefix in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g} "


def _findings(found: Diagnosis | None, fail_on: str) -> int:
    if fail_on == "never" or found is None:
        return Exit.DONE
    bad = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return Exit.FINDINGS if any(f.severity in bad and f.healed_at is None for f in found.findings) else Exit.DONE
