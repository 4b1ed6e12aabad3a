"""The diagnosis as GitHub-flavoured Markdown: for a pull request, a job summary or a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from optcli.diagnosis.diagnosis import Cause, Finding
from optcli.show import clean, folder, words
from optcli.show.report import Report
from optcli.show.screen import Screen
from optcli.show.text import chart

_WIDTH: Final = 90
"""Columns of a chart: what GitHub shows of a line of code without a scroll bar."""
_SIGNS: Final = {
    "error": "🔴",
    "warning": "🟠",
    "info": "🔵",
    "healthy": "🟢",
    "ill": "🔴",
    "unknown": "⚪",
    "unreadable": "⚫",
}


def render(reports: Sequence[Report]) -> str:
    """A heading with the verdict for each run; of several runs a table comes first."""
    told = [*_table(reports)] if len(reports) > 1 else []
    for report in reports:
        told += _one(report)
    return "\n".join(told).rstrip() + "\n"


def escape(text: Any) -> str:
    """Foreign text as Markdown that shows just that text: no markup, no HTML, no link, no mention."""
    shown = re.sub(r"([\\`*_\[\]<>#|~&$])", r"\\\1", clean.line(text, 4096))
    return re.sub(r"(https?|ftp)(:)|@", lambda m: f"{m[1]}&#58;" if m[2] else "&#64;", shown).replace("www", "w&#119;w")


def code(text: Any) -> str:
    """Foreign text as a code span, also inside a table."""
    shown = clean.line(text, 4096).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in shown or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _prose(text: str) -> str:
    """Advice with its `names` as code spans."""
    parts = text.split("`")
    return "".join(code(part) if n % 2 and n < len(parts) - 1 else escape(part) for n, part in enumerate(parts))


def _fenced(lines: list[str]) -> list[str]:
    """A code block that none of its lines can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return ["`" * max(3, longest + 1), *lines, "`" * max(3, longest + 1)]


def _table(reports: Sequence[Report]) -> Iterator[str]:
    yield "| verdict | run | main finding |"
    yield "| --- | --- | --- |"
    for report in reports:
        told = report.diagnosis
        yield f"| {_SIGNS[told.status]} {told.status} | {code(told.source)} | {escape(words.headline(told))} |"
    yield ""


def _one(report: Report) -> Iterator[str]:
    told = report.diagnosis
    yield f"## {_SIGNS[told.status]} {told.status}: {escape(words.headline(told))}"
    yield ""
    yield f"{code(told.source)}: {words.count(told.points, 'point')}" + (
        f" of {code(told.format)}" if told.format else ""
    )
    yield ""
    if summary := folder.summary(report):
        yield from (escape(summary), "")
    for name in dict.fromkeys(found.curve for found in words.ordered(told)):
        drawn = chart(report, name, Screen(width=_WIDTH))
        yield from [*_fenced([clean.line(name), *drawn]), ""] if drawn else []
    if told.findings:
        yield "| | code | finding | steps | sure |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (_finding(found) for found in words.ordered(told))
        yield ""
    for cause in told.causes:
        yield from _cause(cause)
    for note in told.notes:
        yield f"> {code(note.code)} {escape(note.message)}"
        yield ""


def _finding(found: Finding) -> str:
    where = f"{words.steps(found)}{words.healed(found)} | {words.share(found.confidence)}"
    what = f"**{escape(words.title(found.name))}** in {code(found.curve)}: {escape(found.message)}"
    return f"| {_SIGNS[found.severity]} {found.severity} | {code(found.code)} | {what} | {where} |"


def _cause(cause: Cause) -> Iterator[str]:
    advised = cause.prescription
    because = ", ".join(map(code, cause.because))
    yield f"### Cause: {escape(words.title(cause.name))} ({words.share(cause.weight)}, because of {because})"
    yield ""
    if advised.patch:
        yield from (*_fenced(words.assignments(advised.patch)), "")
    elif advised.relative:
        yield from (code(words.relative(advised.relative)), "")
    for label, text in words.advice(advised).items():
        yield f"- **{escape(label)}:** {_prose(text)}"
    yield f"- **safety:** {advised.safety}"
    yield ""
