"""The JSON Schema of what `diagnose --format json` prints. Within version 1 fields are only added, never changed."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "number"}
_MAYBE: Final[Schema] = {"type": ["number", "null"]}
_SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
_CODE: Final[Schema] = {"type": "string", "pattern": "^[A-Z]{3}[0-9]{3}$"}


def _told(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _list(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


def _map(values: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": values, "description": description}


def _object(properties: dict[str, Schema], *optional: str) -> Schema:
    """An object whose fields are all there but for the optional ones; later versions may add others."""
    return {"type": "object", "properties": properties, "required": [p for p in properties if p not in optional]}


_EVIDENCE: Final = _object({"value": _MAYBE, "unit": _told(_TEXT, "`1` for a ratio, else `steps`, `sigma`, ...")})

_FINDING: Final = _object(
    {
        "code": _told(_CODE, "`optcli explain CODE` tells more."),
        "name": _told(_TEXT, "What is wrong, in words joined by hyphens."),
        "severity": {"enum": ["error", "warning", "info"], "description": "Error and warning ask for action."},
        "confidence": _told(_SHARE, "Calibrated: of the findings said with 0.9, nine in ten are right."),
        "curve": _told(_TEXT, "The role of the curve that shows it, such as `train/loss`."),
        "first": _told(_NUMBER, "First step of the stretch that shows it."),
        "last": _told(_NUMBER, "Last step of that stretch."),
        "known_at": _told(_NUMBER, "The step at which there was enough evidence."),
        "healed_at": _told(
            _MAYBE, "The step at which it was gone again; null if it stands. A state, no event, is `info` then."
        ),
        "message": _told(_TEXT, "The finding in one sentence."),
        "evidence": _map(_EVIDENCE, "Measured figures with their units."),
    },
    "healed_at",
)

_PRESCRIPTION: Final = _object(
    {
        "patch": {
            "anyOf": [{"type": "object"}, {"type": "null"}],
            "description": "Recipe path -> new value, null to remove; null as a whole where no recipe is known.",
        },
        "relative": _map(_MAYBE, "The same as factors: {lr: 0.3} is to multiply the rate by 0.3."),
        "advice": _map(_TEXT, "Plain words for `any` framework, and names of arguments in `hf`, `lightning`, `keras`."),
        "safety": {"enum": ["safe", "likely", "guess"], "description": "How sure it is that this helps."},
        "expect": _told(_TEXT, "What should change."),
        "refuted_if": _told(_TEXT, "What would show that the cause is another one."),
    }
)

_CAUSE: Final = _object(
    {
        "name": _told(_TEXT, "`optcli explain NAME` tells more."),
        "weight": _told(_SHARE, "How much speaks for it."),
        "because": _list(_CODE, "Codes of the findings that speak for it."),
        "prescription": _PRESCRIPTION,
    }
)

_NOTE: Final = _object({"code": _CODE, "message": _TEXT})

_RUN: Final = _object(
    {
        "source": _told(_TEXT, "The path as it was given."),
        "format": _told(_TEXT, "The log's format."),
        "status": {
            "enum": ["healthy", "ill", "unknown", "unreadable"],
            "description": "Ill: an error or a warning stands. Unknown: too little evidence.",
        },
        "points": {"type": "integer", "minimum": 0, "description": "Points read, of all curves."},
        "roles": _map(_TEXT, "Role -> what the log calls that curve."),
        "findings": _list(_FINDING, "Of every severity, worst first."),
        "causes": _list(_CAUSE, "Likeliest first."),
        "notes": _list(_NOTE, "What reading and preparing the log had to do."),
        "abstained": _map(_TEXT, "Code -> why that rule could not judge."),
    },
    "abstained",
)

SCHEMA: Final[Schema] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "optcli diagnosis",
    **_object({"version": {"const": 1}, "runs": _list(_RUN, "One for each path that is a file or a run directory.")}),
}
"""Draft 7."""
