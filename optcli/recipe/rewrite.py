"""The smallest edits that turn the text of one tree into the text of another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from optcli.recipe.edit import name_of
from optcli.recipe.scalars import write, write_text
from optcli.recipe.tree import Node, Span, plain


class Awkward(Exception):
    """The layout is one that can't be edited in place."""


class Edit(NamedTuple):
    """Replace the characters from `start` to `stop`."""

    start: int
    stop: int
    text: str


class _Member(NamedTuple):
    """An entry of a mapping or an element of a list: the same edits apply to both."""

    name: str
    start: int
    stop: int
    node: Node


def rewritten(text: str, old: Node, new: Node) -> str:
    """`text`, which says `old`, changed to say `new`.

    Raises:
        Awkward: it can't be done in place.
    """
    out, at = [], 0
    for edit in sorted(_Writer(text).edits(old, new), key=lambda e: (e.start, e.stop)):
        if edit.start < at:
            raise Awkward
        out += [text[at : edit.start], edit.text]
        at = edit.stop
    return "".join([*out, text[at:]])


class _Writer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def edits(self, old: Node, new: Node, key: Span | None = None) -> list[Edit]:
        if old is new or plain(old) == plain(new):
            return []
        before, after = _members(old), _members(new)
        names = [m.name for m in after]
        kept = [m.name for m in before if m.name in names]
        same_kind = isinstance(old.value, dict) == isinstance(new.value, dict)
        in_order = isinstance(old.value, dict) or names[: len(kept)] == kept
        if old.alias or not kept or not same_kind or not in_order:
            return [self.replaced(old, new, key)]
        return self.inner(old, before, after, kept)

    def inner(self, old: Node, before: list[_Member], after: list[_Member], kept: list[str]) -> list[Edit]:
        now = {m.name: m.node for m in after}
        edits: list[Edit] = []
        for member in before:
            if member.name in now:
                place = old.entries[member.name].key if old.entries else None
                edits += self.edits(member.node, now[member.name], place)
        gone = [m.name not in now for m in before]
        edits += self.removed_flow(before, gone) if old.style == "flow" else self.removed_block(before, gone)
        mapping = isinstance(old.value, dict)
        fresh = [
            (f"{write_text(m.name)}: " if mapping else "") + write(plain(m.node)) for m in after if m.name not in kept
        ]
        if not fresh:
            return edits
        if old.style != "flow":
            return [*edits, self.added(before, fresh)]
        last = before[-1].stop
        return [*edits, Edit(last, last, "".join(f", {f}" for f in fresh))]

    def replaced(self, old: Node, new: Node, key: Span | None) -> Edit:
        start, value = old.span.start, write(plain(new))
        if old.span.stop <= start:
            return Edit(start, start, f" {value}")
        between = self.text[key.stop : start] if key is not None else ""
        if old.style == "block" and re.fullmatch(r"\s*:\s*", between):
            # The value stood on lines of its own; the new one fits behind the key.
            return Edit(key.stop if key is not None else start, old.span.stop, f": {value}")
        return Edit(start, old.span.stop, value)

    def removed_flow(self, members: Sequence[_Member], gone: Sequence[bool]) -> list[Edit]:
        last_kept = max(at for at, away in enumerate(gone) if not away)
        early = [at for at, away in enumerate(gone) if away and at < last_kept]
        edits = [Edit(members[at].start, members[at + 1].start, "") for at in early]
        if last_kept < len(members) - 1:
            edits.append(Edit(members[last_kept].stop, members[-1].stop, ""))
        return edits

    def removed_block(self, members: Sequence[_Member], gone: Sequence[bool]) -> list[Edit]:
        edits = []
        for at, member in enumerate(members):
            if not gone[at]:
                continue
            begin = self.line_start(member.start)
            if self.text[begin : member.start].strip() in ("", "-") and not self.shares_dash(members, at):
                edits.append(Edit(begin, self.line_end(member.stop), ""))
            elif at + 1 < len(members) and not gone[at + 1]:
                edits.append(Edit(member.start, members[at + 1].start, ""))
            else:
                raise Awkward
        return edits

    def shares_dash(self, members: Sequence[_Member], at: int) -> bool:
        """Whether the first key of a mapping stands behind the dash that the whole mapping belongs to."""
        begin = self.line_start(members[at].start)
        return "-" in self.text[begin : members[at].start] and bool(members[at].name) and _is_entry(members[at])

    def added(self, members: Sequence[_Member], fresh: Sequence[str]) -> Edit:
        first = members[0]
        indent = self.text[self.line_start(first.start) : first.start]
        indent = re.sub(r"-", " ", indent) if _is_entry(first) else indent
        if indent.strip() not in ("", "-"):
            raise Awkward
        at = self.line_end(members[-1].stop)
        gap = "" if self.text[:at].endswith(("\n", "\r")) else self.newline
        return Edit(at, at, gap + "".join(f"{indent}{f}{self.newline}" for f in fresh))

    def line_start(self, at: int) -> int:
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def line_end(self, at: int) -> int:
        found = re.compile(r"\r\n|\n|\r").search(self.text, at)
        return found.end() if found else len(self.text)


def _is_entry(member: _Member) -> bool:
    return member.start < member.node.span.start


def _members(node: Node) -> list[_Member]:
    if isinstance(node.value, dict):
        return [_Member(key, e.key.start, max(e.key.stop, e.node.span.stop), e.node) for key, e in node.entries.items()]
    names = [name_of(item) for item in node.items]
    if None in names or len(set(names)) < len(names):
        return []
    return [_Member(str(n), i.span.start, i.span.stop, i) for n, i in zip(names, node.items, strict=True)]
