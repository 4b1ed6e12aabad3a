"""GitHub Actions: annotations on the checks page, and the whole diagnosis in the job's summary.

A step shows ten annotations of each level, so the worst come first and the rest stand in the summary.
Source: GitHub documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from optcli.diagnosis.diagnosis import SEVERITIES, Finding
from optcli.show import clean, finding, words
from optcli.show.report import Report

MOST: Final = 10
"""Annotations of each level that GitHub shows for one step."""
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "notice"}
_SUMMARY_LIMIT: Final = 1_000_000
"""Bytes; GitHub refuses summaries of more than 1 MiB."""


def render(reports: Sequence[Report]) -> str:
    """Annotations, worst first; the verdict of every run as a plain line; writes the summary if GitHub asks for one."""
    _summarize(reports)
    told = [line for level in SEVERITIES for line in _level(reports, level)]
    told += [
        annotation("error", report.diagnosis.source, "unreadable", words.headline(report.diagnosis))
        for report in reports
        if report.run is None
    ]
    told += [finding.verdict(report.diagnosis, report.diagnosis.source) for report in reports]
    return "\n".join(told) + "\n"


def _level(reports: Sequence[Report], level: str) -> list[str]:
    found = [(f, report) for report in reports for f in words.ordered(report.diagnosis) if f.severity == level]
    found.sort(key=lambda pair: -pair[0].confidence)
    return [_annotated(f, report) for f, report in found[:MOST]]


def _annotated(found: Finding, report: Report) -> str:
    from optcli.show.place import file_and_line

    file, line = file_and_line(report, found)
    return annotation(_LEVELS[found.severity], file, _title(found), finding.said(found), line)


def _title(found: Finding) -> str:
    return f"{clean.line(found.code)} {clean.line(found.name)}"


def annotation(level: str, file: str, title: str, message: str, line: int = 1) -> str:
    """`::warning file=...,title=...::...`; a line break or a separator in foreign text can't end a field."""
    place = f"file={_property(clean.line(file, 4096))}" + (f",line={line}" if line > 1 else "")
    return f"::{level} {place},title={_property(clean.line(title))}::{_data(clean.line(message, 4096))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _summarize(reports: Sequence[Report]) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from optcli.show.markdown import render as markdown

    told = markdown(reports).encode("utf-8", "backslashreplace")
    if len(told) > _SUMMARY_LIMIT:
        told = told[:_SUMMARY_LIMIT].rpartition(b"\n")[0] + b"\n\nThe rest was left out: a summary holds 1 MiB.\n"
    with open(path, "ab") as file:
        file.write(told)
