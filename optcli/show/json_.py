"""The diagnosis as one strict JSON document: the contract that scripts and agents rely on.

Within version 1 fields are only added. Non-finite numbers are null. Everything outside ASCII is escaped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from optcli.diagnosis.diagnosis import Cause, Diagnosis, Finding
from optcli.show import clean, words
from optcli.show.report import Report

VERSION: Final = 1
_FIELDS: Final = (
    "code", "name", "severity", "confidence", "curve", "first", "last", "known_at", "healed_at", "message",
)  # fmt: skip
"""Of a finding, besides its evidence."""


def document(reports: Sequence[Report]) -> dict[str, Any]:
    """The document as plain dicts and lists, ready for `json.dumps(..., allow_nan=False)`."""
    strict: dict[str, Any] = _strict({"version": VERSION, "runs": [_run(report.diagnosis) for report in reports]})
    return strict


def render(reports: Sequence[Report]) -> str:
    """The document as text of one indented JSON object and a line break."""
    return json.dumps(document(reports), indent=2, allow_nan=False) + "\n"


def _run(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "source": diagnosis.source,
        "format": diagnosis.format,
        "status": diagnosis.status,
        "points": diagnosis.points,
        "roles": diagnosis.roles,
        "findings": [_finding(finding) for finding in words.ordered(diagnosis)],
        "causes": [_cause(cause) for cause in diagnosis.causes],
        "notes": [{"code": note.code, "message": note.message} for note in diagnosis.notes],
        "abstained": diagnosis.abstained,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    told = {name: getattr(finding, name) for name in _FIELDS}
    evidence = {name: {"value": float(e.value), "unit": e.unit} for name, e in finding.evidence.items()}
    return {**told, "evidence": evidence}


def _cause(cause: Cause) -> dict[str, Any]:
    advised = cause.prescription
    prescription = {
        "patch": None if advised.patch is None else dict(advised.patch),
        "relative": advised.relative,
        "advice": advised.advice,
        "safety": advised.safety,
        "expect": advised.expect,
        "refuted_if": advised.refuted_if,
    }
    return {"name": cause.name, "weight": cause.weight, "because": list(cause.because), "prescription": prescription}


def _strict(value: Any) -> Any:
    """`value` with valid Unicode, whole floats as integers, and null in place of NaN and infinities."""
    if isinstance(value, str):
        return clean.plain_unicode(value)
    if isinstance(value, Mapping):
        return {clean.plain_unicode(str(key)): _strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(inner) for inner in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) or hasattr(value, "__float__"):
        return _number(float(value))
    return clean.plain_unicode(str(value))


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
