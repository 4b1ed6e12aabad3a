"""SARIF 2.1.0, for code scanning: findings as results that point at the recipe, or at the log where there is none.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, 2020.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from optcli.diagnosis import catalogue
from optcli.diagnosis.diagnosis import Diagnosis, Finding
from optcli.show import clean, finding, manual, words
from optcli.show.report import Report

_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def render(reports: Sequence[Report]) -> str:
    """One SARIF run that holds the findings of all training runs."""
    from importlib.metadata import version

    found = [(report, f) for report in reports for f in words.ordered(report.diagnosis)]
    rules = {f.code: _rule(f) for _, f in found}
    driver = {"name": "optcli", "version": version("optcli"), "rules": list(rules.values())}
    results = [_result(report, f, [*rules].index(f.code)) for report, f in found]
    unread = [_notification(report.diagnosis) for report in reports if report.diagnosis.status == "unreadable"]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": unread}
    run = {"tool": {"driver": driver}, "invocations": [invocation], "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, allow_nan=False) + "\n"


def _text(text: str) -> str:
    return clean.line(text, 4096)


def _rule(found: Finding) -> dict[str, Any]:
    rule = {"id": _text(found.code), "name": _text(found.name), "shortDescription": {"text": words.title(found.name)}}
    if found.code not in catalogue.codes():
        return rule
    told = manual.sections(catalogue.rule_doc(found.code))
    full = " ".join(told.get("What is seen", "").split())
    return rule | {"fullDescription": {"text": full}, "help": {"text": " ".join(told["Why it matters"].split())}}


def _result(report: Report, found: Finding, rule: int) -> dict[str, Any]:
    key = f"{report.diagnosis.source}\0{found.code}\0{found.curve}".encode("utf-8", "surrogatepass")
    return {
        "ruleId": _text(found.code),
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": finding.said(found)},
        "locations": [{"physicalLocation": _location(report, found)}],
        "partialFingerprints": {"runCodeCurve/v1": hashlib.sha256(key).hexdigest()},
    }


def _location(report: Report, found: Finding) -> dict[str, Any]:
    from optcli.show.place import file_and_line

    file, line = file_and_line(report, found)
    return {"artifactLocation": {"uri": quote(_text(file))}, "region": {"startLine": line}}


def _notification(told: Diagnosis) -> dict[str, Any]:
    message = f"{_text(told.source)}: {words.headline(told)}"
    return {"level": "error", "message": {"text": message}}
