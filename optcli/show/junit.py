"""JUnit XML, which every CI shows: a test case for each run and code, failed where a finding asks for action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from optcli.diagnosis.diagnosis import Finding
from optcli.show import clean, finding, words
from optcli.show.report import Report


def render(reports: Sequence[Report]) -> str:
    """A test suite for each run; an unreadable one counts as an error."""
    suites = [line for report in reports for line in _suite(report)]
    tests, failures, errors = (
        (sum(counts) for counts in zip(*map(_counts, reports), strict=True)) if reports else (0, 0, 0)
    )
    head = f'<testsuites name="optcli" tests="{tests}" failures="{failures}" errors="{errors}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"]) + "\n"


def _counts(report: Report) -> tuple[int, int, int]:
    """Test cases, failures and errors of one run."""
    failures = sum(words.asks(found) for found in report.diagnosis.findings)
    return max(len(report.diagnosis.findings), 1), failures, int(report.diagnosis.status == "unreadable")


def _suite(report: Report) -> Iterator[str]:
    told = report.diagnosis
    tests, failures, errors = _counts(report)
    name = escape(clean.line(told.source, 4096))
    yield f'  <testsuite name="{name}" tests="{tests}" failures="{failures}" errors="{errors}">'
    for found in words.ordered(told):
        yield from _case(found, name)
    if not told.findings:
        yield from _verdict(report, name)
    yield "  </testsuite>"


def _case(found: Finding, name: str) -> Iterator[str]:
    title = escape(f"{clean.line(found.code)} {clean.line(found.name)} in {clean.line(found.curve)}")
    told = escape(finding.said(found))
    yield f'    <testcase classname="{name}" name="{title}">'
    if words.asks(found):
        yield f'      <failure type="{found.severity}" message="{told}">{told}</failure>'
    else:
        yield f"      <system-out>{told}</system-out>"
    yield "    </testcase>"


def _verdict(report: Report, name: str) -> Iterator[str]:
    told = report.diagnosis
    message = escape(words.headline(told))
    yield f'    <testcase classname="{name}" name="{told.status}">'
    tag = {"unreadable": "error", "unknown": "skipped"}.get(told.status)
    yield f'      <{tag} message="{message}"/>' if tag else f"      <system-out>{message}</system-out>"
    yield "    </testcase>"
