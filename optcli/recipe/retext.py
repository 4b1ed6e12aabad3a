"""A patch applied to a recipe's text: edits where the values stand, so that comments and layout survive.

The patched tree is compared with the tree of the text, and only what differs is written. What comes out is read again;
where edits in place can't say what is meant (anchors shared by several values, a base recipe's options shining
through), the recipe is written anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from optcli.recipe import files, scalars
from optcli.recipe.edit import put, steps_of
from optcli.recipe.problem import BadRecipe
from optcli.recipe.rewrite import Awkward, rewritten
from optcli.recipe.sections import LISTS
from optcli.recipe.text import parse
from optcli.recipe.tree import Entry, Node, Source, Span, from_plain, plain

if TYPE_CHECKING:
    from optcli.recipe.patch import Patch


def changed(text: str, file: str, patch: Patch) -> str:
    """See `Patch.apply_text`."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    wanted = patch.put(_resolved(text, file))
    old = files.checked(parse(Source(file, text)))
    try:
        new = rewritten(text, old, _own(old, patch))
        if plain(_resolved(new, file)) == plain(wanted):
            return mark + new
    except (BadRecipe, Awkward):
        pass
    return mark + _anew(text, wanted)


def _resolved(text: str, file: str) -> Node:
    return files.start(Source(file, text), None if file.startswith("<") else Path(file))


def _own(tree: Node, patch: Patch) -> Node:
    """The tree of this text alone with the changes made; over a base, what is to go must be said to go."""
    over_base = tree.get("extends") is not None
    for path, value in patch.items():
        key = Span(Source("<patch>", path))
        node = from_plain(value, key)
        if value is not None:
            tree = put(tree, path, node, key)
        else:
            tree = _gone(tree, path, node, key) if over_base else put(tree, path, None, key)
    return tree


def _gone(tree: Node, path: str, nothing: Node, key: Span) -> Node:
    head, *rest = steps_of(path)
    if not rest or rest == ["name"]:
        return tree.having(head, Entry(key, nothing))
    if head in LISTS and len(rest) == 1:
        tree = put(tree, path, None, key)
        old = tree.get(head)
        marker = Node({rest[0]: Entry(key, nothing)}, key, "flow")
        return tree.having(head, Entry(key, Node([*(old.items if old else []), marker], old.span if old else key)))
    return put(tree, path, nothing, key)


def _anew(text: str, tree: Node) -> str:
    """The whole recipe without its comments, but for those at the top."""
    head = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        head.append(line)
    return "".join(f"{line}\n" for line in [*head, *(f"{k}: {scalars.write(v)}" for k, v in plain(tree).items())])
