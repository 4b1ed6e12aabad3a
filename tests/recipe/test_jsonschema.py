"""The schema for editors: complete, documented, and of one mind with loading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from optcli import parts
from optcli.recipe import bundled, load, loads
from optcli.recipe.jsonschema import recipe_schema
from optcli.recipe.problem import BadRecipe
from optcli.recipe.sections import COMMON, LISTS, SLOTS, TOP
from optcli.recipe.text import parse
from optcli.recipe.tree import Source, plain
from optcli.recipe.validate import fields

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def fits(schema: Any, value: Any) -> bool:
    """The part of draft 7 that the schema uses."""
    if "anyOf" in schema and not any(fits(s, value) for s in schema["anyOf"]):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, dict) and not set(schema.get("required", [])) <= set(value):
        return False
    return "type" not in schema or typed(schema, value)


def typed(schema: Any, value: Any) -> bool:
    kind = schema["type"]
    if kind in ("integer", "number"):
        right = (
            isinstance(value, int | float) and not isinstance(value, bool) and (kind == "number" or value == int(value))
        )
        return (
            right
            and schema.get("minimum", value) <= value <= schema.get("maximum", value)
            and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
            and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        )
    if not isinstance(value, TYPES[kind]):
        return False
    if kind == "object":
        rest = schema.get("additionalProperties", True)
        properties = schema.get("properties", {})
        others = {} if rest is True else rest
        return all(
            fits(properties.get(k, others), v) for k, v in value.items() if k in properties or others is not False
        ) and (others is not False or set(value) <= set(properties))
    if kind == "array":
        items = schema.get("items", {})
        each = zip(items, value, strict=False) if isinstance(items, list) else ((items, v) for v in value)
        return len(value) >= schema.get("minItems", 0) and all(fits(s, v) for s, v in each)
    return kind != "string" or re.search(schema.get("pattern", ""), value) is not None


def objects(schema: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        yield schema
        schema = list(schema.values())
    for inner in schema if isinstance(schema, list) else []:
        yield from objects(inner)


def test_top_keys_are_all_there_and_closed() -> None:
    schema = recipe_schema()
    assert set(schema["properties"]) == {*TOP, "extends"}
    assert schema["additionalProperties"] is False
    assert not [s for s in objects(schema) if "$ref" in s or "prefixItems" in s]


@pytest.mark.parametrize("kind", [*SLOTS, *LISTS.values()])
def test_every_part_has_all_its_options_documented(kind: str) -> None:
    titles = {s.get("title"): s for s in objects(recipe_schema()) if isinstance(s.get("title"), str)}
    for name in parts.bundled(kind):
        part = titles[f"{kind} {name}"]
        assert part["description"]
        options = fields(parts.find(kind, name).Options)
        common = fields(COMMON[kind]) if kind in COMMON else ()
        assert set(part["properties"]) - {"batch_size", *common} == {"name", *options}
        for option in options:
            assert part["properties"][option]["description"] not in ("", option)


GOOD = [
    "data: digits\noptimizer: zoo:lion",
    "data: digits\noptimizer: {name: bnb:adamw8bit, lr: 1, layer_decay: 0.5, groups: {head: {lr: 0.1}}}",
    "data: fashion",
    "data: {name: digits, batch_size: 3}\noptimizer: {lr: 1e-3}\nmodel: {hidden: [3]}",
    "extends: fashion",
    "data: digits\nregularizers: [dropout, {name: l1, strength: 1}, {l2: null}]\nmetrics: [accuracy]",
    "data: digits\nschedule: {name: cosine, warmup: 5%}\ntrain: {steps: 10, eval_every: 1 epoch}",
    "data: digits\ntrain: {target: {accuracy: 0.9}}\nmonitor: {ignore: [OPT101]}",
    "data: digits\ntune: {optimizer.lr: {min: 1, max: 2}, model: [mlp, cnn]}\noptimizer:\n",
]
BAD = [
    "data: digits\noptimizer: zoos:lion",
    "optimizer: adam",
    "data: fashion\nlr: 3",
    "data: fashion\noptimizer: {lr: 0}",
    "data: fashion\nmodel: mpl",
    "data: fashion\nregularizers: [l3]",
    "data: fashion\ntrain: {eval_every: 3 parsecs}",
    "data: fashion\nname: a/b",
    "data: fashion\noptimizer: {name: sgd, betas: [0.9, 0.9]}",
    "data: {batch_size: 3}",
    "data: fashion\ntune: {seed: 3}",
]


@pytest.mark.parametrize("text", GOOD)
def test_it_accepts_recipes(text: str) -> None:
    assert fits(recipe_schema(), plain(parse(Source("r.yaml", text))))


@pytest.mark.parametrize("text", BAD)
def test_it_refuses_mistakes(text: str) -> None:
    assert not fits(recipe_schema(), plain(parse(Source("r.yaml", text))))


def loads_well(name: str) -> bool:
    try:
        load(name)
    except BadRecipe:
        return False
    return True


def test_it_accepts_resolved_and_bundled_recipes() -> None:
    schema = recipe_schema()
    assert fits(schema, plain(parse(Source("r.yaml", loads("data: digits\n").to_yaml()))))
    for name in filter(loads_well, bundled.names()):
        assert fits(schema, plain(parse(Source(name, bundled.path(name).read_text(encoding="utf-8"))))), name
