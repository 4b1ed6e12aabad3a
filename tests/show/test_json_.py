import json
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np

from optcli.diagnosis.contract import SCHEMA
from optcli.diagnosis.diagnosis import Diagnosis, Evidence
from optcli.show import json_
from optcli.show.report import Report


def test_fields_of_the_contract(sick: Report) -> None:
    (run,) = json.loads(json_.render([sick]))["runs"]
    assert {"source", "format", "status", "points", "roles", "findings", "causes", "notes"} <= set(run)
    finding = run["findings"][1]
    assert finding["evidence"] == {"turn_rate": {"value": 0.61, "unit": "1"}, "swing": {"value": 20.3, "unit": "sigma"}}
    assert (finding["code"], finding["first"], finding["known_at"], finding["healed_at"]) == ("OPT101", 400, 480, 720)
    (cause,) = run["causes"]
    assert cause["because"] == ["OPT101", "NUM301"]
    assert cause["prescription"]["patch"] == {"optimizer.lr": 0.0003}
    assert set(cause["prescription"]) == {"patch", "relative", "advice", "safety", "expect", "refuted_if"}


def test_one_entry_a_path_in_the_order_given(sick: Report, healthy: Report, unreadable: Report) -> None:
    document = json_.document([unreadable, sick, healthy, sick])
    assert document["version"] == 1
    assert [run["source"] for run in document["runs"]] == ["runs/c", "runs/a", "runs/b", "runs/a"]
    assert json_.document([]) == {"version": 1, "runs": []}


def test_no_number_is_beyond_json(sick: Report) -> None:
    odd = {"a": Evidence(math.nan, "1"), "b": Evidence(-math.inf, "1"), "c": Evidence(np.float32(0.5), "1")}
    found = replace(sick.diagnosis.findings[0], evidence=odd, first=np.int64(7), confidence=np.float64(0.25))
    told = Report(replace(sick.diagnosis, findings=(found,)))
    (shown,) = json.loads(json_.render([told]))["runs"][0]["findings"]
    assert {name: e["value"] for name, e in shown["evidence"].items()} == {"a": None, "b": None, "c": 0.5}
    assert (shown["first"], shown["confidence"]) == (7, 0.25)


def test_everything_is_ascii() -> None:
    told = Diagnosis("läuft/\x1b", "csv", "healthy", 1, {"train/loss": "Verlust ü"})
    shown = json_.render([Report(told)])
    assert shown.isascii()
    assert json.loads(shown)["runs"][0]["source"] == "läuft/\x1b"


def conforms(value: object, schema: dict[str, Any], place: str = "") -> None:
    """Check the keywords of JSON Schema that the contract uses."""
    if "anyOf" in schema:
        schema = next(s for s in schema["anyOf"] if (value is None) == (s["type"] == "null"))
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
    if "type" in schema:
        named = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert any(isinstance(value, kinds[kind]) for kind in named), place
    assert value in schema.get("enum", [value]), place
    assert value == schema.get("const", value), place
    if isinstance(value, str):
        assert re.search(schema.get("pattern", ""), value), place
    elif isinstance(value, list):
        for number, item in enumerate(value):
            conforms(item, schema["items"], f"{place}[{number}]")
    elif isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), place
        known = schema.get("properties", {})
        for key, item in value.items():
            conforms(item, known.get(key, schema.get("additionalProperties", {})), f"{place}.{key}")
            assert not known or key in known, f"{place}.{key} is not in the contract"


def test_the_document_keeps_the_contract(sick: Report, healthy: Report, unreadable: Report) -> None:
    conforms(json_.document([sick, healthy, unreadable]), SCHEMA)
