"""A recipe as it was written: every key and value knows its place in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from optcli.recipe.problem import BadRecipe, Problem

Style = Literal["block", "flow", "plain", "quoted"]


@dataclass(frozen=True, eq=False)
class Source:
    """A text and what it is called in messages: a file's path, or `<override 1>`."""

    file: str
    text: str
    origin: str = ""
    """What `Recipe.origin` says instead of file and line."""

    @cached_property
    def breaks(self) -> list[int]:
        """Offsets at which the lines begin; a line ends as editors see it: LF, CR LF or CR."""
        return [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", self.text))]

    @cached_property
    def lines(self) -> dict[int, str]:
        """The lines asked for so far: many mistakes may stand on one long line."""
        return {}

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from 1."""
        line = bisect_right(self.breaks, offset)
        return line, offset - self.breaks[line - 1] + 1

    def line(self, number: int) -> str:
        """One line of the text, without its end."""
        if number not in self.lines:
            stop = self.breaks[number] if number < len(self.breaks) else len(self.text)
            self.lines[number] = self.text[self.breaks[number - 1] : stop].rstrip("\r\n")
        return self.lines[number]


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands: the characters from `start` to `stop` of a source."""

    source: Source
    start: int = 0
    stop: int = 0

    def problem(self, message: str, help: str = "", path: str = "") -> Problem:
        """A mistake that stands here."""
        line, column = self.source.place(self.start)
        snippet = self.source.line(line)
        width = max(1, min(self.stop - self.start, len(snippet) - column + 1))
        return Problem(message, self.source.file, line, column, path, help, snippet, width)

    def fail(self, message: str, help: str = "") -> BadRecipe:
        """The same, to be raised at once."""
        return BadRecipe([self.problem(message, help)])

    def __str__(self) -> str:
        return self.source.origin or f"{self.source.file}:{self.source.place(self.start)[0]}"

    @property
    def text(self) -> str:
        """What is written there."""
        return self.source.text[self.start : self.stop]


class Entry(NamedTuple):
    """A key's place and its value."""

    key: Span
    node: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A value: a scalar, a mapping of `Entry`s or a list of nodes."""

    value: Any
    span: Span = field(compare=False)
    style: Style = field(default="plain", compare=False)
    alias: bool = field(default=False, compare=False)
    """Written as `*name`: what stands there must not be edited in place."""

    @property
    def entries(self) -> dict[str, Entry]:
        """The entries of a mapping; none if it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The elements of a list; none if it is no list."""
        return self.value if isinstance(self.value, list) else []

    def get(self, key: str) -> Node | None:
        """The value of a mapping's key."""
        entry = self.entries.get(key)
        return entry.node if entry else None

    def at(self, span: Span) -> Node:
        """The same value, said to stand elsewhere."""
        return replace(self, span=span, alias=True)

    def having(self, key: str, entry: Entry | None) -> Node:
        """A mapping with one entry set, or removed."""
        entries = {k: e for k, e in self.entries.items() if k != key or entry is not None}
        return replace(self, value=entries if entry is None else {**entries, key: entry})


def plain(node: Node) -> Any:
    """The bare Python value."""
    if isinstance(node.value, dict):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def from_plain(value: Any, span: Span) -> Node:
    """A node for a Python value that no text was given for; all of it stands at `span`."""
    if isinstance(value, dict):
        return Node({str(k): Entry(span, from_plain(v, span)) for k, v in value.items()}, span, "flow")
    if isinstance(value, list | tuple):
        return Node([from_plain(v, span) for v in value], span, "flow")
    known = value is None or isinstance(value, bool | int | float | str)
    return Node(value if known else str(value), span)


def height(node: Node) -> int:
    """Levels of nesting: 1 for a scalar."""
    inner: Iterator[Node] = (e.node for e in node.entries.values()) if node.entries else iter(node.items)
    return 1 + max((height(n) for n in inner), default=0)
