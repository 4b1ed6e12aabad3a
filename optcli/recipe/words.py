"""What a value may be, in words, from its JSON Schema; and what stands there instead."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from optcli.recipe import scalars
from optcli.recipe.spelling import hint
from optcli.recipe.tree import Node

Schema = dict[str, Any]


def wanted(schema: Schema) -> str:
    """`a whole number of 1 or more`, `one of on, off`."""
    if "enum" in schema or "const" in schema:
        names = [str(v) for v in schema.get("enum", [schema.get("const")])]
        return f"`{names[0]}`" if len(names) == 1 else f"one of {', '.join(names)}"
    if "anyOf" in schema:
        return _any(schema["anyOf"])
    if "discriminator" in schema:
        return "a mapping with a `name`"
    kind = schema.get("type", "")
    if kind == "array":
        return _list(schema)
    plain = {"boolean": "true or false", "null": "null", "object": "a mapping", "string": _text(schema)}
    numbers = {"integer": "a whole number", "number": "a number"}
    return numbers[kind] + bounds(schema) if kind in numbers else plain.get(kind, "another value")


def _any(choices: list[Schema]) -> str:
    if any("steps" in s.get("pattern", "") for s in choices):
        return "a duration: steps (500), epochs (3 epochs) or a share of the run (5%)"
    parts = [wanted(s) for s in choices if s.get("type") != "null" and "%" not in s.get("pattern", "")]
    return " or ".join(dict.fromkeys(parts))


def _list(schema: Schema) -> str:
    items = schema.get("items")
    fixed = schema.get("prefixItems")
    if fixed:
        return f"a list of {len(fixed)}: {', '.join(wanted(s) for s in fixed)}"
    least = schema.get("minItems", 0)
    size = f" of {least} or more" if least else ""
    return f"a list{size}" + (f", each {wanted(items)}" if isinstance(items, dict) and items else "")


def _text(schema: Schema) -> str:
    if "pattern" in schema:
        return str(schema.get("description") or f"a text of the form {schema['pattern']}")
    return "a text"


def bounds(schema: Schema) -> str:
    """` from 0 to below 1`, ` above 0`, or nothing."""
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    upper = f"to {_figure(high)}" if high is not None else f"to below {_figure(below)}" if below is not None else ""
    if low is None and above is None:
        return f" up {upper}" if upper else ""
    lower = f"from {_figure(low)}" if low is not None else f"above {_figure(above)}"
    if upper:
        return f" {lower} {upper}"
    return f" of {_figure(low)} or more" if low is not None else f" {lower}"


def _figure(number: float | None) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def shown(node: Node) -> str:
    """What stands there, for `..., not <this>`."""
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list"
    if isinstance(node.value, str):
        return f"the text {json.dumps(short(node.value), ensure_ascii=False)}"
    return "nothing" if node.value is None else short(scalars.write(node.value))


def short(text: str, limit: int = 60) -> str:
    """The text, cut if it is long."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def remedy(schema: Schema, node: Node) -> str:
    """What to write instead, where that can be told."""
    kinds = set(_kinds(schema))
    allowed = [str(v) for s in _flat(schema) for v in s.get("enum", [s["const"]] if "const" in s else [])]
    if isinstance(node.value, bool) and {"on", "off"} & set(allowed):
        return f"write {'on' if node.value else 'off'}"
    if kinds == {"array"} and "prefixItems" not in schema and type(node.value) in (int, float):
        return f"write [{scalars.write(node.value)}]"
    if isinstance(node.value, float) and not math.isfinite(node.value):
        return "write a finite number"
    if not isinstance(node.value, str):
        return "write a single value, without brackets" if node.items and "array" not in kinds else ""
    if allowed:
        return hint(node.value, allowed)
    return _number(node) if kinds & {"number", "integer"} else _truth(node.value) if "boolean" in kinds else ""


def _number(node: Node) -> str:
    bare = node.value.strip()
    if isinstance(_quietly(bare), int | float):
        return f"remove the quotes: {bare}"
    joined = bare.replace("_", "").replace(",", "")
    if isinstance(number := _quietly(joined), int | float) and not isinstance(number, bool):
        return f"write {joined}"
    if bare.endswith("%") and isinstance(share := _quietly(bare[:-1].strip()), int | float):
        return f"write {share / 100:g}"
    return ""


def _truth(text: str) -> str:
    low = text.lower()
    if low in ("true", "false"):
        return f"remove the quotes: {low}"
    return "write true" if low in ("yes", "on", "y") else "write false" if low in ("no", "off", "n") else ""


def _quietly(text: str) -> Any:
    try:
        return scalars.read(text)
    except ValueError:
        return None


def _flat(schema: Schema) -> Iterable[Schema]:
    return list(schema.get("anyOf", [schema]))


def _kinds(schema: Schema) -> Iterable[str]:
    return (s.get("type", "") for s in _flat(schema))
