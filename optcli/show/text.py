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
            for line in [*finding.lines(report.diagnosis, report.diagnosis.source), *_noted(report)]
        ]
    elif len(reports) > DETAILED:
        told = [*_many(reports, screen)]
    else:
        told = [line for report in reports for line in [*_details(report, screen, len(reports) > 1), ""]][:-1]
    return screen.fit("\n".join(told)) + "\n"


def _noted(report: Report) -> list[str]:
    source = clean.line(report.diagnosis.source, 4096)
    return [f"{source}: note {code} {message}" for code, message in _notes(report)]


def _notes(report: Report) -> list[tuple[str, str]]:
    """Code and message of each note that the verdict doesn't say already."""
    if report.run is None:
        return []
    notes = [(clean.line(note.code), clean.line(note.message, 4096)) for note in report.diagnosis.notes]
    return [note for note in notes if note[1] != words.headline(report.diagnosis)]


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
            yield from chart(report, found.curve, screen)
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
    where = (
        f"{clean.line(found.curve)} · {words.steps(found)}{words.healed(found)} · {words.share(found.confidence)} sure"
    )
    head = f"{screen.paint(found.severity, found.severity)} {screen.paint(code, 'bold')} {name}"
    if len(f"{found.severity} {code} {name} · {where}") <= screen.width:
        yield f"{head} · {where}"
    else:
        yield from (head, *screen.wrap(where, "  "))
    yield from screen.wrap(clean.line(found.message, 4096), "  ")
    yield from (screen.paint(line, "dim") for line in screen.wrap(words.figures(found), "  "))


def chart(report: Report, name: str, screen: Screen) -> list[str]:
    """A curve with the stretches of its findings, or nothing where there is no such curve."""
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
    title = words.title(cause.name)
    first, *more = screen.wrap(f"cause {number}: {title} · {words.share(cause.weight)} sure", "  ", "")
    yield from (first.replace(title, screen.paint(title, "bold")), *more)
    change = "  ".join(words.assignments(advised.patch or {})) or words.relative(advised.relative)
    told = {"because": ", ".join(map(clean.line, cause.because)), "try": change and f"{change}  ({advised.safety})"}
    told |= words.advice(advised)
    wide = 4 + max(map(len, told))
    for label, text in told.items():
        for line in screen.wrap(text, " " * wide, f"  {clean.line(label):<{wide - 2}}"):
            yield line[:wide] + screen.paint(line[wide:], "bold") if label == "try" else line


def _foot(report: Report, screen: Screen) -> Iterator[str]:
    for code, message in _notes(report):
        yield from ("", *screen.wrap(f"note {code}: {message}", "  ", ""))
    lines = [line for command in next_commands(report) for line in words.folded(command, screen.width - 6)]
    if lines:
        yield ""
    for number, line in enumerate(lines):
        yield f"{'' if number else 'next':<6}{screen.paint(line, 'code')}"


def next_commands(report: Report) -> Iterator[list[str]]:
    """What to type next: the explanation of the main finding, and the training with the first patch."""
    main = words.main_finding(report.diagnosis)
    if main is not None:
        yield ["optcli", "explain", clean.line(main.code)]
    patch = next((cause.prescription.patch for cause in report.diagnosis.causes if cause.prescription.patch), None)
    if patch and report.recipe is not None:
        yield ["optcli", "train", clean.line(report.recipe), *words.assignments(patch)]


def _many(reports: Sequence[Report], screen: Screen) -> Iterator[str]:
    """A table of all runs, the worst on top, and that one in detail if anything is wrong with it."""
    ranked = sorted(reports, key=lambda report: report.rank)
    yield from _table(ranked, screen)
    worst = next((report for report in ranked if report.run is not None), None)
    if worst is not None and worst.diagnosis.status == "ill":
        yield from ("", *_details(worst, screen, True))


def _table(ranked: Sequence[Report], screen: Screen) -> Iterator[str]:
    counts = Counter(report.diagnosis.status for report in ranked)
    yield f"{len(ranked)} runs: {', '.join(f'{count} {status}' for status, count in counts.items())}"
    yield ""
    names = [clean.line(report.diagnosis.source) for report in ranked]
    wide = min(max(map(len, names)), screen.width // 2)
    for report, name in zip(ranked, names, strict=True):
        status, room = report.diagnosis.status, screen.width - wide - 13
        told = next((text for text in _named(report) if len(text) <= room and len(name) <= wide), None)
        yield f"{screen.paint(f'{status:<10}', status)} {name:<{wide}}  {told or ''}".rstrip()
        yield from [] if told else screen.wrap(_named(report)[0], " " * 13)


def _named(report: Report) -> list[str]:
    """Codes and names of what stands and asks for action, shorter and shorter, or why there is nothing."""
    names = {clean.line(f.code): clean.line(f.name) for f in words.ordered(report.diagnosis) if words.asks(f)}
    named = [f"{code} {name}" for code, name in names.items()]
    if not named:
        return [words.headline(report.diagnosis)]
    return [", ".join(named), ", ".join([named[0], *[*names][1:]]), f"{named[0]}, {len(named) - 1} more"]
