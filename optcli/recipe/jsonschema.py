"""The JSON Schema of recipes, for editors that complete and check while one types.

It is draft 7, which yaml-language-server reads (https://json-schema.org/draft-07), made of what the parts' files say.
A schema can't say everything that loading checks: values that don't fit the data or one another are found by `load`.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from itertools import pairwise
from typing import Any

from optcli import parts
from optcli.parts import reference
from optcli.recipe.sections import BY_TASK, COMMON, FIRST_CHOICE, LISTS, SLOTS, TOP, Head, Monitor, Range, Train
from optcli.recipe.validate import schema_of
from optcli.recipe.words import Schema
from optcli.units import Duration

_NULL: Schema = {"type": "null"}
_SCALARS: Schema = {"type": "array", "minItems": 1}


def recipe_schema() -> Schema:
    """The schema of a whole recipe, with every part that is known."""
    head = _properties(Head, _told(Head))
    slots = {slot: _slot(slot) for slot in SLOTS}
    lists = {key: _list(kind) for key, kind in LISTS.items()}
    sections = {"train": _section(Train), "monitor": _section(Monitor), "tune": _tune()}
    found = {**head, **slots, **lists, **sections}
    files = {"type": "string", "minLength": 1, "description": "a file, or a bundled recipe"}
    extends = {"anyOf": [files, {"type": "array", "items": files}], "description": "What this recipe is laid over."}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "optcli recipe",
        "type": "object",
        "properties": {"extends": extends, **{key: found[key] for key in TOP}},
        "additionalProperties": False,
        "anyOf": [{"required": ["data"]}, {"required": ["extends"]}],
    }


def _slot(kind: str) -> Schema:
    """A bare name, or a mapping with the options of one of the parts."""
    named = [{"enum": [*parts.names(kind), *parts.aliases(kind)]}, *(_part(kind, name) for name in parts.usable(kind))]
    return {"anyOf": [*named, *(_family(kind, prefix) for prefix in parts.families(kind)), _NULL]}


def _family(kind: str, prefix: str) -> Schema:
    """Members of a family are another package's: whatever options they have is checked when a recipe is loaded."""
    name: Schema = {"type": "string", "pattern": f"^{prefix}:.+"}
    about = (parts.family(kind, prefix).__doc__ or "").partition("\n")[0]
    described = {"type": "object", "title": f"{kind} {prefix}:", "description": about, "required": ["name"]}
    return {"anyOf": [name, {**described, "properties": {"name": name}}]}


def _list(kind: str) -> Schema:
    names = parts.names(kind)
    gone = {
        "type": "object",
        "properties": dict.fromkeys(names, _NULL),
        "additionalProperties": False,
        "maxProperties": 1,
    }
    items = [{"enum": names}, *(_part(kind, name) for name in names), gone]
    return {"anyOf": [{"type": "array", "items": {"anyOf": items}}, _NULL]}


def _part(kind: str, name: str) -> Schema:
    options = parts.find(kind, name).Options
    more = _properties(COMMON[kind], _told(COMMON[kind])) if kind in COMMON else {}
    needed = [f.name for f in dataclasses.fields(options) if _has_no_default(f)]
    nameless = name == FIRST_CHOICE.get(kind) or name in BY_TASK.get(kind, {}).values()
    return {
        "type": "object",
        "title": f"{kind} {name}",
        "description": reference.summary(kind, name),
        "properties": {"name": _called(kind, name), **more, **_properties(options, _told(options))},
        "required": needed if nameless else ["name", *needed],
        "additionalProperties": False,
    }


def _called(kind: str, name: str) -> Schema:
    others = [other for other, own in parts.aliases(kind).items() if own == name]
    return {"enum": [name, *others]} if others else {"const": name}


def _has_no_default(field: Any) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _section(cls: type) -> Schema:
    properties = _properties(cls, _told(cls))
    about = inspect.getdoc(cls) or ""
    whole = {"type": "object", "description": about, "properties": properties, "additionalProperties": False}
    return {"anyOf": [whole, _NULL]}


def _tune() -> Schema:
    return {
        "type": "object",
        "description": "Recipe path -> the values that `optcli tune` may try.",
        "additionalProperties": {"anyOf": [_SCALARS, {**_section(Range)["anyOf"][0], "required": ["min", "max"]}]},
    }


def _properties(cls: type, told: dict[str, str]) -> dict[str, Schema]:
    """The schema of each field, with its documentation and its default as a recipe writes it."""
    schema = schema_of(cls)
    found = {}
    for field in dataclasses.fields(cls):
        one = _draft7(schema.get("properties", {}).get(field.name, {}), schema.get("$defs", {}))
        one.pop("title", None)
        if isinstance(field.default, Duration):
            one["default"] = str(field.default)
        found[field.name] = {**one, "description": told.get(field.name) or one.get("description", field.name)}
    return found


def _draft7(schema: Any, defs: dict[str, Schema]) -> Any:
    """pydantic writes draft 2020-12: `prefixItems` was `items` before, and definitions are put where they are used."""
    if isinstance(schema, list):
        return [_draft7(item, defs) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _draft7(defs[schema["$ref"].rsplit("/", 1)[-1]], defs)
    done = {key: _draft7(value, defs) for key, value in schema.items()}
    if "prefixItems" in done:
        done |= {"items": done.pop("prefixItems"), "additionalItems": False}
    return done


def _told(cls: type) -> dict[str, str]:
    """The text literals below a class's fields; none for a class that no file declares."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    except (OSError, TypeError):
        return {}
    told = {}
    for node, after in pairwise(body.body if isinstance(body, ast.ClassDef) else []):
        if isinstance(node, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            told[ast.unparse(node.target)] = inspect.cleandoc(str(after.value.value))
    return told
