"""The published schema of a diagnosis, against documents that are printed."""

from __future__ import annotations

from typing import Any

from optcli.diagnosis.contract import SCHEMA
from optcli.diagnosis.diagnosis import Cause, Diagnosis, Evidence, Finding, Prescription
from optcli.recipe.patch import Patch
from optcli.run.curve import Note
from optcli.show.json_ import document
from optcli.show.report import Report


def sick(patch: Patch | None) -> Diagnosis:
    advice = {"any": "a third of the rate", "hf": "learning_rate"}
    prescription = Prescription(patch, {"lr": 0.3}, advice, "likely", "calm", "it goes on")
    finding = Finding(
        "OPT101",
        "oscillating-loss",
        "warning",
        0.9,
        "train/loss",
        4,
        9,
        6,
        "it swings",
        {"swing": Evidence(float("nan"), "1")},
    )
    cause = Cause("learning-rate-too-high", 0.8, ("OPT101",), prescription)
    return Diagnosis(
        "a", "csv", "ill", 9, {"train/loss": "l"}, (finding,), (cause,), (Note("RUN702", "x"),), {"OPT102": "y"}
    )


def unlike(schema: Any, value: Any, path: str = "") -> list[str]:
    """Where a value has not the shape that the schema gives it; fields that the schema doesn't know count too."""
    if "anyOf" in schema:
        return [] if any(not unlike(s, value) for s in schema["anyOf"]) else [path]
    kinds = schema.get("type", [])
    names = {dict: "object", list: "array", str: "string", type(None): "null", int: "integer", float: "number"}
    kind = names[type(value)]
    if kinds and kind not in kinds and not (kind == "integer" and "number" in kinds):
        return [f"{path}: {kind}"]
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return [f"{path}: {value}"]
    if isinstance(value, list):
        return [wrong for item in value for wrong in unlike(schema["items"], item, f"{path}[]")]
    if not isinstance(value, dict):
        return []
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    missing = [f"{path}.{name}: missing" for name in schema.get("required", []) if name not in value]
    strange = [f"{path}.{name}: unknown" for name in value if known and name not in known]
    inner = [
        (known.get(name, others or {}), v, f"{path}.{name}") for name, v in value.items() if name in known or others
    ]
    return missing + strange + [wrong for one in inner for wrong in unlike(*one)]


def test_documents_have_the_shape_of_the_schema() -> None:
    healthy = Diagnosis("b", "csv", "healthy", 9)
    reports = [Report(d) for d in (sick(Patch({"optimizer.lr": 3e-4})), sick(None), healthy)]
    assert unlike(SCHEMA, document(reports)) == []


def test_the_check_sees_what_is_wrong() -> None:
    good = document([Report(sick(None))])
    run = good["runs"][0]
    assert unlike(SCHEMA, {**good, "version": 2}) == [".version: 2"]
    assert unlike(SCHEMA, {**good, "runs": [{**run, "status": "fine"}]}) == [".runs[].status: fine"]
    assert unlike(SCHEMA, {**good, "runs": [{k: v for k, v in run.items() if k != "points"}]}) == [
        ".runs[].points: missing"
    ]
    assert unlike(SCHEMA, {**good, "runs": [{**run, "points": "9"}]}) == [".runs[].points: string"]


def test_fields_of_version_1_stay() -> None:
    """Within a version fields are only added: what is here may never be taken out."""
    run = SCHEMA["properties"]["runs"]["items"]
    assert {"source", "format", "status", "points", "roles", "findings", "causes", "notes"} <= set(run["required"])
    finding = set(run["properties"]["findings"]["items"]["required"])
    assert {
        "code",
        "name",
        "severity",
        "confidence",
        "curve",
        "first",
        "last",
        "known_at",
        "message",
        "evidence",
    } <= finding
    cause = run["properties"]["causes"]["items"]["properties"]
    assert set(cause) == {"name", "weight", "because", "prescription"}
    assert {"patch", "relative", "advice", "safety", "expect", "refuted_if"} <= set(cause["prescription"]["required"])
