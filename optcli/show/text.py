"""The diagnosis as text: a report with charts on a terminal, one fact a line in a pipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from optcli.diagnosis.diagnosis import Cause, Finding
from optcli.show import clean, finding, words
from optcli.show.chart import Mark, draw
from optcli.show.report import Report
from optcli.show.screen import Screen

DETAILED: Final = 3
"""Up to so many runs each get a full report on a terminal; of more, a table is what one can read."""


def render(reports: Sequence[Report], screen: Screen) -> str:
    """All reports as text that ends in a line break."""
    if not screen.terminal:
        told = [
            line
            for report in reports
            for line in [*finding.lines(report.diagnosis, report.diagnosis.source), *_notes(report)]
        ]
    elif len(reports) > DETAILED:
        told = [*_table(reports, screen)]
    else:
        told = [line for report in reports for line in [*_details(report, screen, len(reports) > 1), ""]][:-1]
    return screen.fit("\n".join(told)) + "\n"


def _notes(report: Report) -> list[str]:
    if report.run is None:  # then the note is the verdict
        return []
    source = clean.line(report.diagnosis.source, 4096)
    return [f"{source}: note {clean.line(n.code)} {clean.line(n.message, 4096)}" for n in report.diagnosis.notes]


def _details(report: Report, screen: Screen, many: bool) -> Iterator[str]:
    told = report.diagnosis
    if many:
        yield screen.paint(clean.line(told.source), "bold")
    yield from _verdict(report, screen)
    shown: set[str] = set()
    for found in words.ordered(told):
        yield ""
        yield from _finding(found, screen)
        if found.curve not in shown:
            shown.add(found.curve)
            yield from _chart(report, found.curve, screen)
    for number, cause in enumerate(told.causes, 1):
        yield ""
        yield from _cause(cause, number, screen)
    yield from _foot(report, screen)


def _verdict(report: Report, screen: Screen) -> Iterator[str]:
    told = report.diagnosis
    first, *more = screen.wrap(f"{told.status}: {words.headline(told)}", "  ", "")
    yield screen.paint(told.status, told.status) + first.removeprefix(told.status)
    yield from more
    if told.status == "unreadable":
        return
    roles = ", ".join(
        clean.line(role) if role == column else f"{clean.line(role)} = {clean.line(column)}"
        for role, column in told.roles.items()
    )
    about = f"{words.count(told.points, 'point')} of {clean.line(told.format)}"
    for line in screen.wrap(f"{about}, read as {roles}" if roles else about, "  "):
        yield screen.paint(line, "dim")


def _finding(found: Finding, screen: Screen) -> Iterator[str]:
    name, code = clean.line(found.name), clean.line(found.code)
    healed = "" if found.healed_at is None else f", gone by step {words.step(found.healed_at)}"
    where = f"{clean.line(found.curve)} · {words.steps(found)}{healed} · {words.share(found.confidence)} sure"
    head = f"{screen.paint(found.severity, found.severity)} {screen.paint(code, 'bold')} {name}"
    if len(f"{found.severity} {code} {name} · {where}") <= screen.width:
        yield f"{head} · {where}"
    else:
        yield from (head, *screen.wrap(where, "  "))
    yield from screen.wrap(clean.line(found.message, 4096), "  ")
    yield from (screen.paint(line, "dim") for line in screen.wrap(words.figures(found), "  "))


def _chart(report: Report, name: str, screen: Screen) -> list[str]:
    curve = report.curve(name)
    if curve is None:
        return []
    marks = [
        Mark(clean.line(f.code), f.first, f.last, f.severity)
        for f in words.ordered(report.diagnosis)
        if f.curve == name
    ]
    return draw(curve, screen, marks)


def _cause(cause: Cause, number: int, screen: Screen) -> Iterator[str]:
    advised = cause.prescription
    because = ", ".join(map(clean.line, cause.because))
    title = screen.paint(words.title(cause.name), "bold")
    yield f"cause {number}: {title} · {words.share(cause.weight)} sure"
    yield from screen.wrap(because, " " * 14, f"  {'because':<11} ")
    change = "  ".join(words.assignments(advised.patch or {})) or words.relative(advised.relative)
    if change:
        yield f"  {'try':<11} {screen.paint(change, 'bold')}  ({advised.safety})"
    for label, text in words.advice(advised).items():
        yield from screen.wrap(text, " " * 14, f"  {clean.line(label):<11} ")


def _foot(report: Report, screen: Screen) -> Iterator[str]:
    for note in report.diagnosis.notes if report.run is not None else ():
        yield from ("", *screen.wrap(f"note {clean.line(note.code)}: {clean.line(note.message, 4096)}", "  ", ""))
    commands = list(next_commands(report))
    if commands:
        yield ""
    for number, command in enumerate(commands):
        yield f"{'' if number else 'next':<6}{screen.paint(command, 'code')}"


def next_commands(report: Report) -> Iterator[str]:
    """What to type next: the explanation of the main finding, and the training with the first patch."""
    main = words.main_finding(report.diagnosis)
    if main is not None:
        yield words.typed(["optcli", "explain", clean.line(main.code)])
    patch = next((cause.prescription.patch for cause in report.diagnosis.causes if cause.prescription.patch), None)
    if patch and report.recipe is not None:
        yield words.typed(["optcli", "train", clean.line(report.recipe), *words.assignments(patch)])


def _table(reports: Sequence[Report], screen: Screen) -> Iterator[str]:
    ranked = sorted(reports, key=lambda report: report.rank)
    counts = Counter(report.diagnosis.status for report in ranked)
    yield f"{len(ranked)} runs: {', '.join(f'{count} {status}' for status, count in counts.items())}"
    yield ""
    names = [clean.line(report.diagnosis.source) for report in ranked]
    wide = min(max(map(len, names)), screen.width // 2)
    for report, name in zip(ranked, names, strict=True):
        status = report.diagnosis.status
        yield f"{screen.paint(f'{status:<10}', status)} {name:<{wide}}  {_named(report)}"
    yield ""
    first = next((name for report, name in zip(ranked, names, strict=True) if report.run is not None), names[0])
    yield f"next  {screen.paint(words.typed(['optcli', 'diagnose', first]), 'code')}"


def _named(report: Report) -> str:
    """Codes and names of what stands and asks for action, or why there is nothing."""
    standing = (f for f in words.ordered(report.diagnosis) if f.severity != "info" and f.healed_at is None)
    named = dict.fromkeys(f"{clean.line(f.code)} {clean.line(f.name)}" for f in standing)
    return ", ".join(named) or words.headline(report.diagnosis)
