"""Smoke checks as text, JSON, GitHub annotations and JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from optcli.run import strict_json
from optcli.show import clean
from optcli.show.screen import Screen
from optcli.trial.smoke import SmokeReport
from optcli.trial.smoke.result import Result

_WORDS = {"pass": "ok", "fail": "FAIL", "skip": "skip"}
_STYLES = {"pass": "healthy", "fail": "error", "skip": "dim"}


def line(result: Result, screen: Screen) -> str:
    """One check on one line, its help on a second; wrapped on a terminal."""
    word = f"{_WORDS[result.status]:<4}"
    told = f"  {word} {_named(result):<20} {clean.line(result.message)} ({result.seconds:.1f} s)"
    first, *more = screen.lines(told, " " * 28)
    lines = [first.replace(word, screen.paint(word, _STYLES[result.status]), 1), *more]
    if result.status == "fail" and result.help:
        lines += screen.lines(f"       help: {clean.line(result.help)}", " " * 13)
    return screen.fit("\n".join(lines))


def _named(result: Result) -> str:
    """A check's name as `--only` takes it."""
    return result.name.replace("_", "-")


def verdict(report: SmokeReport, screen: Screen) -> str:
    """The last line of a recipe."""
    failed, skipped = len(report.failed), _skipped([report])
    checked = len(report.results) - skipped
    word = "failed" if failed else "passed"
    told = f"{clean.line(report.source)}: {word}, {checked - failed} of {checked} checks in {report.seconds:.0f} s"
    lines = "\n".join(screen.lines(told + (f", {skipped} left out" if skipped else "")))
    return lines.replace(f": {word},", f": {screen.paint(word, 'ill' if failed else 'healthy')},", 1)


def _skipped(reports: Sequence[SmokeReport]) -> int:
    return sum(result.status == "skip" for report in reports for result in report.results)


def json(reports: Sequence[SmokeReport]) -> str:
    """One document: `{"version": 1, "recipes": [{"recipe", "source", "passed", "seconds", "checks": [...]}]}`."""
    recipes = [
        {
            "recipe": r.recipe,
            "source": r.source,
            "passed": not r.failed,
            "seconds": round(r.seconds, 3),
            "checks": [_fields(result) for result in r.results],
        }
        for r in reports
    ]
    return strict_json.dumps({"version": 1, "recipes": recipes}) + "\n"


def _fields(result: Result) -> dict[str, object]:
    return {
        "name": result.name,
        "status": result.status,
        "message": result.message,
        "help": result.help,
        "seconds": round(result.seconds, 3),
        "figures": dict(result.figures),
    }


def github(reports: Sequence[SmokeReport]) -> str:
    """An error annotation for each failed check, and a plain line for each recipe."""
    from optcli.show.github import annotation

    told = [
        annotation("error", r.source, f"smoke: {_named(c)}", f"{c.message}; {c.help}".rstrip("; "))
        for r in reports
        for c in r.results
        if c.status == "fail"
    ]
    return "\n".join(told + [verdict(r, Screen()) for r in reports]) + "\n"


def junit(reports: Sequence[SmokeReport]) -> str:
    """A test suite for each recipe, a test case for each check."""
    tests, failures = sum(len(r.results) for r in reports), sum(len(r.failed) for r in reports)
    body = [text for r in reports for text in _suite(r)]
    count = f'tests="{tests}" failures="{failures}" skipped="{_skipped(reports)}"'
    head = f'<testsuites name="optcli smoke" {count}>'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *body, "</testsuites>"]) + "\n"


def _suite(report: SmokeReport) -> Iterator[str]:
    name = escape(clean.line(report.source, 4096))
    count = f'tests="{len(report.results)}" failures="{len(report.failed)}" time="{report.seconds:.3f}"'
    yield f'  <testsuite name="{name}" {count}>'
    for check in report.results:
        told = escape(clean.line(check.message))
        yield f'    <testcase classname="{name}" name="{escape(check.name)}" time="{check.seconds:.3f}">'
        if check.status == "fail":
            yield f'      <failure message="{told}">{escape(clean.line(check.help))}</failure>'
        elif check.status == "skip":
            yield f'      <skipped message="{told}"/>'
        else:
            yield f"      <system-out>{told}</system-out>"
        yield "    </testcase>"
    yield "  </testsuite>"
