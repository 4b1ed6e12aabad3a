"""The `tune` section: which values tuning may try, each checked as if it stood in the recipe."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from optcli.recipe.edit import put
from optcli.recipe.problem import BadRecipe, Problem
from optcli.recipe.sections import TOP, Choices, Range, Tune
from optcli.recipe.spelling import hint
from optcli.recipe.tree import Entry, Node, from_plain, plain
from optcli.recipe.words import shown

if TYPE_CHECKING:
    from optcli.recipe.schema import Draft

_MOST = 30
"""Ranges: with more there is no hope of finding anything."""
_TRIED = 200
"""Values that are checked in all, evenly over the ranges; a bound on the time that this takes."""
_FORM = "write a list of values, or {min: 1e-4, max: 1e-1, log: true}"


def read(draft: Draft) -> Tune | None:
    """The ranges by path; None if something is wrong, which is added to the draft's problems."""
    node = draft.tree.get("tune")
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        help = "write tune: {optimizer.lr: [1e-3, 1e-2]}"
        draft.say(node.span, f"`tune` must be a mapping, not {shown(node)}", help, "tune")
        return None
    if len(node.entries) > _MOST:
        draft.say(node.span, f"`tune` has more than {_MOST} ranges", "tune a few of them", "tune")
        return None
    wishes = {path: _wish(draft, path, entry) for path, entry in node.entries.items()}
    found = {path: wish for path, wish in wishes.items() if wish is not None}
    return found if len(found) == len(wishes) else None


def _wish(draft: Draft, path: str, entry: Entry) -> Choices | Range | None:
    node, full = entry.node, f"tune.{path}"
    if path.split(".")[0] not in TOP or path.split(".")[0] in ("tune", "name"):
        known = [key for key in TOP if key not in ("tune", "name")]
        draft.say(entry.key, f"`{path}` is no recipe path to tune", hint(path.split(".")[0], known), full)
        return None
    wish: Choices | Range | None = None
    if isinstance(node.value, list) and node.value:
        wish = Choices(tuple(plain(item) for item in node.items))
    elif isinstance(node.value, dict):
        limits = draft.checked(Range, node, full, f"the range of `{path}`")
        wish = _ordered(draft, limits, node, full) if limits is not None else None
    else:
        draft.say(node.span, f"`{full}` must be a list or a range, not {shown(node)}", _FORM, full)
    return wish if wish is None or _all_fit(draft, path, entry, wish) else None


def _ordered(draft: Draft, wish: Range, node: Node, full: str) -> Range | None:
    if wish.min >= wish.max:
        draft.say(node.entries["max"].node.span, f"`{full}`: max is not above min", "swap them", full)
    elif wish.log and wish.min <= 0:
        help = "a logarithmic range begins above 0, such as 1e-5"
        draft.say(node.entries["min"].node.span, f"`{full}`: no logarithm of {wish.min:g}", help, full)
    else:
        return wish
    return None


def _all_fit(draft: Draft, path: str, entry: Entry, wish: Choices | Range) -> bool:
    before = len(draft.problems)
    share = _TRIED // len(draft.tree.entries["tune"].node.entries)
    for value in islice(_tried(entry.node, wish), share):
        draft.problems += _misfits(draft, path, entry, value)
    return len(draft.problems) == before


def _tried(node: Node, wish: Choices | Range) -> Iterator[Node]:
    if isinstance(wish, Choices):
        yield from node.items
        return
    for key, end in (("min", wish.min), ("max", wish.max)):
        yield from_plain(end, node.entries[key].node.span)


def _misfits(draft: Draft, path: str, entry: Entry, value: Node) -> list[Problem]:
    from optcli.recipe.schema import Draft

    try:
        trial = Draft(put(draft.tree.having("tune", None), path, value, entry.key))
        if draft.values["facts"] is not None:
            trial.suit(draft.values["facts"])
    except BadRecipe as error:
        return list(error.problems)
    return [p for p in trial.problems if p not in draft.problems]
