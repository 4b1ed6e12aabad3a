"""The words at the end of a training: how it ended, what was found, where everything is. On stderr."""

from __future__ import annotations

import sys
from typing import Any

from optcli.crash import say
from optcli.diagnosis.diagnosis import SEVERITIES, Diagnosis
from optcli.exits import Exit
from optcli.show import clean, finding, words
from optcli.train.progress import clock, number
from optcli.train.session import Outcome


def tell(outcome: Outcome, fail_on: str) -> int:
    """Say it; returns the exit status, in which findings count if they are as bad as `fail_on`."""
    if not outcome.speaks:
        return int(outcome.ending.code)
    ending = outcome.ending
    if ending.status == "failed":
        say("error", ending.reason)
    for line in _lines(outcome):
        print(line, file=sys.stderr)
    if ending.help:
        say("help", ending.help)
    if ending.code:
        return int(ending.code)
    return _findings(outcome.diagnosis, fail_on)


def _lines(outcome: Outcome) -> list[str]:
    summary, found = outcome.summary, outcome.diagnosis
    lines = [f"{outcome.ending.status}: {_numbers(summary)}"] if outcome.ending.status != "failed" else []
    if summary.get("resources"):
        lines.append(f"took: {_took(summary)}")
    if found is not None:
        lines.append(f"diagnosis: {finding.verdict(found)}")
        lines += [f"  {finding.line(f)}" for f in words.ordered(found) if f.severity != "info"]
        lines += [f"  {text}" for text in (finding.prescription(found.causes[0]) if found.causes else [])]
    if outcome.ending.status == "stopped":
        lines.append(f"go on with: optcli train --resume --run-dir {words.typed([str(outcome.path)])}")
    return [*lines, f"run: {clean.line(outcome.path, 4096)}"]


def _numbers(summary: Any) -> str:
    best = summary.get("best")
    told = [f"{summary['steps']} steps in {clock(summary['wall_s'])}", str(summary["reason"])]
    if summary["reason"] == "done":
        told.pop()
    if best:
        told.append(f"best {best['metric']} {number(best['value'])} at step {best['step']}")
    return ", ".join(told)


def _took(summary: Any) -> str:
    """Memory, speed and energy in a line; what isn't known is left out."""
    used = summary["resources"]
    kinds = ", ".join(f"{name.replace('_', ' ')} {number(size)}" for name, size in used["memory_mib"].items())
    told = [f"{summary['peak_memory_mib']:,.0f} MiB ({kinds})"]
    if summary["samples_per_s"]:
        told.append(f"{summary['samples_per_s']:,.0f} samples/s")
    if used["flops_per_step"]:
        share = "" if used["utilization"] is None else f", {used['utilization']:.0%} of what a matrix product reaches"
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
