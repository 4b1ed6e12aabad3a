"""Findings and verdicts in plain lines: what a pipe, a log file and the end of a training get."""

from __future__ import annotations

from optcli.diagnosis.diagnosis import Cause, Diagnosis, Finding
from optcli.show import clean, words
from optcli.show.screen import Screen


def line(finding: Finding, source: str = "") -> str:
    """One finding on one line, never cut: `runs/a:1200: warning OPT101 the loss ... (93 %)`."""
    place = f"{clean.line(source, 4096)}:" if source else "step "
    what = f"{finding.severity} {clean.line(finding.code)} {clean.line(finding.message, 4096)}"
    return f"{place}{words.plain(finding.first)}: {what} ({_sure(finding)})"


def told(finding: Finding, screen: Screen, indent: str = "") -> list[str]:
    """The same as what is said while something runs: wrapped and with a coloured severity on a terminal."""
    first, *more = screen.lines(indent + line(finding), indent + "  ")
    word = f" {finding.severity} "
    return [first.replace(word, f" {screen.paint(finding.severity, finding.severity)} ", 1), *more]


def said(finding: Finding) -> str:
    """Where, what and how sure, for formats that say code and severity themselves."""
    return f"{words.steps(finding)}: {clean.line(finding.message, 4096)} ({_sure(finding)})"


def _sure(finding: Finding) -> str:
    return f"{words.share(finding.confidence)} sure{words.healed(finding)}"


def verdict(diagnosis: Diagnosis, source: str = "") -> str:
    """`runs/a: ill: oscillating loss in train/loss from step 1,200`."""
    name = f"{clean.line(source, 4096)}: " if source else ""
    return f"{name}{diagnosis.status}: {words.headline(diagnosis)}"


def prescription(cause: Cause) -> list[str]:
    """What to do about a cause: the patch or the factors, plain words, and what would refute it."""
    advised = cause.prescription
    todo = " ".join(words.assignments(advised.patch or {})) or words.relative(advised.relative)
    plain = clean.line(advised.advice.get("any", ""))
    lines = [f"try {todo} [{advised.safety}]"] if todo else []
    lines += [f"do {plain}" if todo else f"do {plain} [{advised.safety}]"] if plain else []
    lines += [f"expect {clean.line(advised.expect)}"] if advised.expect else []
    return [*lines, f"refuted if {clean.line(advised.refuted_if)}"] if advised.refuted_if else lines


def lines(diagnosis: Diagnosis, source: str = "") -> list[str]:
    """The whole diagnosis in plain lines: the verdict, a line each finding, then each cause and what to do."""
    name = f"{clean.line(source, 4096)}: " if source else ""
    told = [verdict(diagnosis, source), *(line(finding, source) for finding in words.ordered(diagnosis))]
    for cause in diagnosis.causes:
        told.append(f"{name}{reason(cause)}")
        told += [f"{name}  {text}" for text in prescription(cause)]
    return told


def reason(cause: Cause) -> str:
    """`cause learning-rate-too-high (80 % sure; OPT101, NUM301)`."""
    because = ", ".join(map(clean.line, cause.because))
    return f"cause {clean.line(cause.name)} ({words.share(cause.weight)} sure; {because})"
