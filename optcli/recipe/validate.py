"""One mapping of a recipe against one dataclass; what pydantic finds wrong is said again for people."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from optcli import parts
from optcli.recipe.problem import Problem
from optcli.recipe.spelling import hint
from optcli.recipe.tree import Node, plain
from optcli.recipe.words import Schema, remedy, shown, wanted

Path = tuple[Any, ...]

_MANY = 50
"""Mistakes of one mapping that are told: a list of thousands may be wrong in every element."""


@lru_cache(maxsize=256)
def adapter(cls: type) -> TypeAdapter[Any]:
    """pydantic's validator of a dataclass."""
    return TypeAdapter(cls)


@lru_cache(maxsize=256)
def schema_of(cls: type) -> Schema:
    """The dataclass's JSON Schema; an empty one where a field's type has none."""
    try:
        return adapter(cls).json_schema()
    except PydanticUserError:
        return {}


def fields(cls: type) -> tuple[str, ...]:
    """What may be set."""
    return tuple(f.name for f in dataclasses.fields(cls) if f.init)


def validated(cls: type, node: Node, path: str) -> tuple[Any, list[Problem]]:
    """An instance of `cls` from a mapping that has no other keys than `fields(cls)`; None where there are problems."""
    values = plain(node) if node.entries else {}
    try:
        return _instance(cls, values), []
    except ValidationError as error:
        return None, _reworded(cls, node, values, path, error)
    except (PydanticUserError, NameError, TypeError) as error:
        about = str(error).splitlines()[0].partition(". ")[0]
        about += f" ({home})" if (home := getattr(cls, "_home", "")) else ""  # of an own part
        help = "annotate options with bool, int, float, str, Literal[...], or a list or tuple of those"
        return None, [node.span.problem(f"the options of `{path}` can't be checked: {about}", help, path)]


def _instance(cls: type, values: dict[str, Any]) -> Any:
    """Strict, so that no text counts as a number and no truth value as 1; but 64.0 is a whole number."""
    try:
        return adapter(cls).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        paths = [_within(values, e["loc"]) for e in error.errors(include_url=False) if e["type"] == "int_type"]
        again = json.loads(json.dumps(values))
        made = [_made_whole(again, path) for path in paths]
        if not any(made):
            raise
        return adapter(cls).validate_json(json.dumps(again), strict=True)


def _made_whole(values: Any, path: Path) -> bool:
    *way, last = path or ("",)
    for step in way:
        values = values[step]
    if not path or not isinstance(values[last], float) or not values[last].is_integer():
        return False
    values[last] = int(values[last])
    return True


def _within(values: Any, loc: Sequence[Any]) -> Path:
    """pydantic's location without the names of union members, as far as it leads into the values."""
    path: list[Any] = []
    for step in loc:
        inside = isinstance(values, dict) and step in values
        if inside or (isinstance(values, list) and isinstance(step, int) and step < len(values)):
            path.append(step)
            values = values[step]
    return tuple(path)


def _reworded(cls: type, node: Node, values: Any, path: str, error: ValidationError) -> list[Problem]:
    problems: list[Problem] = []
    places: dict[Path, Any] = {}
    for e in error.errors(include_url=False)[:_MANY]:
        if e["type"] == "missing" and len(e["loc"]) == 1:
            problems.append(_missing(cls, node, path, str(e["loc"][-1])))
        elif e["type"] == "missing" and isinstance(e["loc"][-1], str):  # says more than what else it might have been
            places[_within(values, e["loc"])] = e
        else:
            places.setdefault(_within(values, e["loc"]), e)
    deepest = [p for p in places if not any(q != p and q[: len(p)] == p for q in places)]
    return problems + [_wrong(cls, node, path, p, places[p]) for p in deepest]


def _missing(cls: type, node: Node, path: str, name: str) -> Problem:
    about = wanted(_part_of(schema_of(cls), (name,)))
    return node.span.problem(f"`{path}.{name}` is missing", f"add `{name}`: {about}", path)


def _wrong(cls: type, node: Node, prefix: str, place: Path, error: Any) -> Problem:
    value, name = node, prefix
    for step in place:
        value = value.items[step] if isinstance(step, int) else value.entries[step].node
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else str(step)
    loc = _as_far(error["loc"], place)
    schema = _part_of(schema_of(cls), loc)
    if error["type"] == "missing" and isinstance(error["loc"][-1], str):
        about = wanted(_part_of(schema_of(cls), error["loc"]))
        return value.span.problem(f"`{name}.{error['loc'][-1]}` is missing", f"add it: {about}", name)
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _untagged(schema, value, name)
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument") and place:
        around = _resolved(_part_of(schema_of(cls), loc[:-1]), {})
        known = tuple(dict.fromkeys(key for one in around for key in one.get("properties", {})))
        within, unknown = name.rpartition(".")[0], str(place[-1])
        return value.span.problem(f"unknown key `{unknown}` in `{within}`", hint(unknown, known), name)
    if error["type"] == "value_error" and (not place or isinstance(value.value, str | int | float)):
        said, _, help = str(error["ctx"]["error"]).partition(": ")
        if not isinstance(value.value, bool):
            return value.span.problem(f"`{name}`: {said}", help, name)
    if value.value is None and place:
        key = node.entries[place[0]].key if len(place) == 1 else value.span
        return key.problem(f"`{name}` has no value", f"write {wanted(schema)}, or remove the key", name)
    return value.span.problem(f"`{name}` must be {wanted(schema)}, not {shown(value)}", remedy(schema, value), name)


def _as_far(loc: Path, place: Path) -> Path:
    """pydantic's location up to the last step of `place`, which lies within it."""
    at, steps = 0, iter(place)
    step = next(steps, None)
    for number, one in enumerate(loc, 1):
        if step is not None and one == step:
            at, step = number, next(steps, None)
    return tuple(loc[:at])


def _untagged(schema: Schema, node: Node, name: str) -> Problem:
    """A mapping whose `name` doesn't say which of several it is."""
    known = [one["properties"]["name"]["const"] for one in _resolved(schema, {})]
    tag = node.get("name")
    if tag is None:
        return node.span.problem(f"`{name}.name` is missing", hint("", known), name)
    ours = parts.house("schedule", str(tag.value))  # the only part whose options hold others
    help = f"write `{ours}`" if ours in known else hint(str(tag.value), known)
    return tag.span.problem(f"`{name}.name` can't be {shown(tag)}", help, name)


def _part_of(schema: Schema, path: Path) -> Schema:
    """The schema of what stands at pydantic's `path`, which names the member of a union on its way."""
    defs = schema.get("$defs", {})
    choices = _resolved(schema, defs)
    for step in path:
        inner = [r for c in choices if (s := _inner(c, step)) for r in _resolved(s, defs)]
        choices = inner or [c for c in choices if _inner(c, "name").get("const") == step] or choices
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _resolved(schema: Schema, defs: dict[str, Schema]) -> list[Schema]:
    if "$ref" in schema:
        return _resolved(defs.get(schema["$ref"].rsplit("/", 1)[-1], {}), defs)
    choices = schema.get("anyOf", schema.get("oneOf"))
    return [schema] if choices is None else [r for s in choices for r in _resolved(s, defs)]


def _inner(schema: Schema, step: Any) -> Schema:
    if isinstance(step, int):
        fixed = schema.get("prefixItems", [])
        found = fixed[step] if step < len(fixed) else schema.get("items")
    else:
        found = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    return found if isinstance(found, dict) else {}
