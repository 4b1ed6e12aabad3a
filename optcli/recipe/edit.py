"""Changing a recipe's tree: setting a path, and laying one recipe over another. Both follow the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from optcli.recipe.sections import COMMON, FIRST_CHOICE, LISTS, SLOTS
from optcli.recipe.tree import Entry, Node, Span
from optcli.recipe.validate import fields

_DEEPEST: Final = 20
"""Steps of a path: a recipe has three levels, patterns of parameters have their own dots, and each step is a call."""
_EITHER = {"epochs": "steps", "steps": "epochs"}
"""Keys of `train` of which one drives out the other."""


def steps_of(path: str) -> list[str]:
    """`optimizer.lr` -> its steps; what follows `tune.` is one key, for it is itself a path."""
    head, *rest = path.split(".")
    return [head, ".".join(rest)] if head == "tune" and rest else [head, *rest]


def put(tree: Node, path: str, value: Node | None, key: Span) -> Node:
    """The tree with `path` set, or removed if `value` is None; `key` is where new keys are said to stand.

    Raises:
        BadRecipe: an entry of a list of parts is set to something that is no mapping of options; a path too deep.
    """
    head, *rest = steps_of(path)
    if len(rest) >= _DEEPEST:
        raise key.fail(f"a path of more than {_DEEPEST} steps", "write optimizer.lr=3e-4")
    now = tree.get(head)
    if head in SLOTS:
        value = _put_slot(head, now, rest, value, key)
    elif head in LISTS and rest:
        value = _put_listed(now, rest, value, key)
    elif rest:
        value = _put_inside(_mapping(now, key), rest, value, key, exclusive=head == "train")
    if value is None:
        return tree.having(head, None)
    return tree.having(head, Entry(tree.entries[head].key if now is not None else key, value))


def _mapping(node: Node | None, key: Span) -> Node:
    return node if node is not None and isinstance(node.value, dict) else Node({}, key, "flow")


def as_part(node: Node | None, key: Span) -> Node:
    """A part as a mapping: a bare name becomes `{name: ...}`."""
    if node is not None and isinstance(node.value, str):
        return Node({"name": Entry(node.span, node)}, node.span, "flow")
    return _mapping(node, key)


def name_of(part: Node) -> str | None:
    """The name of a part in a list, however it is written; of `{l1: null}` it is `l1`."""
    if isinstance(part.value, str):
        return part.value
    if (name := part.get("name")) is not None:
        return name.value if isinstance(name.value, str) else None
    only = list(part.entries.items())
    return only[0][0] if len(only) == 1 and only[0][1].node.value is None else None


def along(tree: Node, path: str) -> Iterator[Entry]:
    """Key and value of each step of a path, as far as it is written; a listed part goes by its name."""
    node, rest = tree, path
    while rest:
        step, _, after = rest.partition(".")
        if rest in node.entries:  # a pattern of parameters, or a path to tune, has dots of its own
            step, after = rest, ""
        listed = (Entry(part.span, part) for part in node.items if name_of(part) == step)
        found = node.entries.get(step) or next(listed, None)
        if found is None:
            return
        yield found
        node, rest = found.node, after


def _put_slot(slot: str, now: Node | None, rest: list[str], value: Node | None, key: Span) -> Node | None:
    naming = rest == ["name"] or (not rest and (value is None or isinstance(value.value, str)))
    if not naming:
        return _put_inside(as_part(now, key), rest, value, key) if rest else value
    part = as_part(now, key)
    old = part.get("name")
    if value is not None and (old.value if old else FIRST_CHOICE.get(slot)) == value.value:
        return part.having("name", Entry(part.entries["name"].key if old else key, value))
    common = _common(slot, part)
    fresh = Node(common, part.span, part.style)
    if value is not None and not common and (now is None or isinstance(now.value, str)):
        return value
    if value is not None:
        return replace(fresh, value={"name": Entry(key, value), **fresh.value})
    return fresh if common else None


def _common(slot: str, part: Node) -> dict[str, Entry]:
    """What stays when another part takes the slot."""
    return {key: part.entries[key] for key in (fields(COMMON[slot]) if slot in COMMON else ()) if key in part.entries}


def _put_listed(now: Node | None, rest: list[str], value: Node | None, key: Span) -> Node | None:
    name, *inner = rest
    parts = list(now.items) if now is not None else []
    at = next((i for i, part in enumerate(parts) if name_of(part) == name), None)
    if value is None and (not inner or at is None):
        kept = [part for part in parts if name_of(part) != name]
        return replace(now, value=kept) if now is not None else None
    bare = Node({"name": Entry(key, Node(name, key))}, key, "flow")
    if inner:
        old = bare if at is None else as_part(parts[at], key)
        part = as_part(value, key) if inner == ["name"] and value else _put_inside(old, inner, value, key)
    else:
        part = _whole(bare, name, value, key)
    if at is not None:
        del parts[at]
    parts.insert(len(parts) if at is None else at, part)
    return replace(now, value=parts) if now is not None else Node(parts, key, "flow")


def _whole(bare: Node, name: str, value: Node | None, key: Span) -> Node:
    if value is None or not isinstance(value.value, dict):
        where = value.span if value is not None else key
        raise where.fail(f"`{name}` needs a mapping of its options", f"write {name}={{}} to add it")
    return replace(bare, value={**bare.value, **value.entries}, span=value.span)


def _put_inside(node: Node, rest: list[str], value: Node | None, key: Span, exclusive: bool = False) -> Node:
    head, *inner = rest
    old = node.entries.get(head)
    if inner:
        if value is None and old is None:
            return node
        value = _put_inside(_mapping(old.node if old else None, key), inner, value, key)
    if exclusive and value is not None and head in _EITHER:
        node = node.having(_EITHER[head], None)
    return node.having(head, Entry(old.key if old else key, value) if value is not None else None)


def lay_over(base: Node, top: Node) -> Node:
    """A recipe over the one it extends: mappings deeply, lists of parts by name, `null` deletes, `[]` empties."""
    base = base.having("name", None)
    for key, (place, node) in top.entries.items():
        old = base.get(key)
        if node.value is None:
            merged = None
        elif key in SLOTS:
            merged = _over_part(key, old, node)
        elif key in LISTS and isinstance(node.value, list):
            merged = _over_list(old, node)
        elif isinstance(node.value, dict):
            merged = _over(_without_rival(old, node) if key == "train" else old, node)
        else:
            merged = node
        base = base.having(key, Entry(place, merged) if merged is not None else None)
    return replace(base, span=top.span, style=top.style)


def _without_rival(old: Node | None, new: Node) -> Node | None:
    for key, other in _EITHER.items():
        entry = new.get(key)
        if old is not None and entry is not None and entry.value is not None:
            old = old.having(other, None)
    return old


def _over(old: Node | None, new: Node) -> Node:
    merged = old if old is not None and isinstance(old.value, dict) else replace(new, value={})
    for key, (place, node) in new.entries.items():
        value = _over(merged.get(key), node) if isinstance(node.value, dict) else node
        merged = merged.having(key, None if node.value is None else Entry(place, value))
    return replace(merged, span=new.span, style=new.style)


def _over_part(slot: str, old: Node | None, new: Node) -> Node:
    if not isinstance(new.value, dict | str):
        return new
    before, after = as_part(old, new.span), as_part(new, new.span)
    name, first = after.get("name"), before.get("name")
    if name is not None and name.value != (first.value if first else FIRST_CHOICE.get(slot)):
        before = replace(before, value=_common(slot, before))
    return _over(before, after)


def _over_list(old: Node | None, new: Node) -> Node:
    parts = list(old.items) if old is not None and new.items else []  # an empty list empties it
    for part in new.items:
        name = name_of(part)
        at = next((i for i, p in enumerate(parts) if name is not None and name_of(p) == name), None)
        gone = name is not None and name in part.entries
        if at is not None:
            part = _over(as_part(parts.pop(at), part.span), as_part(part, part.span))
        if not gone:
            parts.insert(len(parts) if at is None else at, part)
    return replace(new, value=parts)
