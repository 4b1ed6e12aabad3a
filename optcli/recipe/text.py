"""YAML text to a tree that knows where everything stands; refuses what is dangerous or ambiguous.

All limits are counted on the stream of parse events, before any tree is walked, so that a small file can't unfold
into a large one (the "billion laughs") and deep nesting can't exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from optcli.recipe import scalars
from optcli.recipe.problem import BadRecipe, Problem
from optcli.recipe.tree import Entry, Node, Source, Span, height

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 50
MAX_ALIASES: Final = 100
MAX_WIDTH: Final = 1_000
"""Keys of one mapping, or elements of one list: checks may compare each with each."""
MAX_NODES: Final = 100_000
"""Values and keys, each alias counted as often as what it stands for."""

_WRONG_FILE: Final = "a recipe is a few dozen lines; is it the right file?"
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PLAINER: Final = (
    ("tab", "a tab in the indentation", "indent with spaces"),
    ("mapping values are not allowed", "a `:` where none can stand", "check the indentation; quote texts with `: `"),
    ("',' or ']'", "a `[` is not closed, or a comma is missing", "write lists as [64, 64]"),
    ("',' or '}'", "a `{` is not closed, or a comma is missing", "write mappings as {name: adam, lr: 1e-3}"),
    ("end of stream", "a quote is not closed", "close it, or remove the quote that opens it"),
    ("block end", "the indentation doesn't fit the lines above", "keys of one mapping begin in the same column"),
    ("expected key", "the indentation doesn't fit the lines above", "keys of one mapping begin in the same column"),
    ("'-' indicator", "a line that doesn't fit the list above", "begin each element with `- ` in the same column"),
    ("expected ':'", "a line without `:`", "write `key: value`"),
    ("cannot start any token", "a character that can't begin a value", "put the value in quotes"),
    ("unknown escape", "an escape that YAML doesn't know", "use single quotes, or write \\\\ for a backslash"),
    ("alphabetic or numeric", "`*` or `&` without a name", "put the value in quotes if it is a text"),
    ("node content", "a value is expected here", "check the brackets"),
)
"""A part of the parser's message -> what it means to the author, and what to do."""


def parse(source: Source, start: int = 0) -> Node:
    """The value that stands in the source's text from character `start` on.

    Raises:
        BadRecipe: not YAML, over a limit, a duplicate key, a tag, or more than one document.
    """
    _check_text(source, start)
    composer = _Composer(source, start)
    try:
        node = composer.document()
    except yaml.MarkedYAMLError as error:
        raise BadRecipe([*composer.problems, _syntax(source, start, error)]) from None
    if composer.problems:
        raise BadRecipe(composer.problems)
    return node


def _check_text(source: Source, start: int) -> None:
    if len(source.text) > MAX_BYTES:
        raise Span(source).fail("the recipe is larger than 1 MB", _WRONG_FILE)
    if bad := _FORBIDDEN.search(source.text, start):
        code = ord(bad[0])
        place = Span(source, bad.start(), bad.end())
        raise place.fail(f"a character that no text has (U+{code:04X})", "recipes are text files in UTF-8")


def _syntax(source: Source, start: int, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    at = min(start + (mark.index if mark else 0), max(len(source.text.rstrip()) - 1, 0))
    said = error.problem or "not YAML"
    if source.text[at : at + 1] == "\t":
        said = "tab"
    if any(part in said for part in ("end of stream", "',' or", "expected ':'")) and error.context_mark:
        # Where the quote, bracket or key opens says more than where the parser gave up.
        at = start + error.context_mark.index
    above = source.text.rfind("\n", start, at) + 1
    before = source.text[start:above].rstrip("\n").rpartition("\n")[2]
    if "mapping values" in said and above > start and before.strip() and ":" not in before and "#" not in before:
        # The parser takes the line above for the beginning of a text that goes on in this one.
        said, at = "expected ':'", above - len(before) - 1
    message, help = next(((m, h) for part, m, h in _PLAINER if part in said), (f"not YAML: {said}", "see yaml.org"))
    return Span(source, at, at + 1).problem(message, help)


class _Composer:
    def __init__(self, source: Source, start: int) -> None:
        self.source, self.start = source, start
        self.events: Iterator[Any] = iter(yaml.parse(source.text[start:], Loader=_LOADER))
        self.anchors: dict[str, tuple[Node | None, int]] = {}
        self.problems: list[Problem] = []
        self.nodes = self.aliases = 0

    def span(self, event: Any) -> Span:
        return Span(self.source, self.start + event.start_mark.index, self.start + event.end_mark.index)

    def document(self) -> Node:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, Span(self.source, self.start, self.start))
        node = self.node(next(self.events), 1)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.span(after).fail("a second document begins here", "a recipe is one document: remove the `---`")
        return node

    def node(self, event: Any, depth: int) -> Node:
        self.limits(event, depth)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        before = self.nodes
        if event.anchor is not None:
            self.anchors[event.anchor] = (None, 0)
        if event.tag is not None:
            message = f"tags such as `{event.tag[:60]}` are not allowed"
            self.note(self.span(event), message, "write the value without it")
        node = self.value(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.nodes - before + 1)
        return node

    def limits(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise self.span(event).fail(f"nested deeper than {MAX_DEPTH} levels", "a recipe has three levels")
        if self.nodes > MAX_NODES:
            raise self.span(event).fail(f"more than {MAX_NODES:,} values", _WRONG_FILE)

    def width(self, count: int, event: Any) -> None:
        if count > MAX_WIDTH:
            raise self.span(event).fail(f"more than {MAX_WIDTH:,} keys or elements side by side", _WRONG_FILE)

    def value(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event)
        start = self.span(event)
        style: Any = "flow" if event.flow_style else "block"
        mapping = isinstance(event, yaml.MappingStartEvent)
        value, end = self.mapping(depth) if mapping else self.sequence(depth)
        stop = self.span(end).stop
        if style == "block":
            # The parser ends a block where the next token begins; it really ends with its last value.
            last = list(value.values())[-1].node if isinstance(value, dict) else value[-1]
            stop = last.span.stop
        return Node(value, Span(self.source, start.start, stop), style)

    def scalar(self, event: Any) -> Node:
        span = self.span(event)
        if event.style not in (None, ""):
            written = self.source.text[span.start : span.stop]
            return Node(event.value, Span(self.source, span.start, span.start + len(written.rstrip())), "quoted")
        try:
            return Node(scalars.read(event.value), span)
        except ValueError as error:
            self.note(span, str(error), "write a smaller number")
            return Node(0, span)

    def sequence(self, depth: int) -> tuple[list[Node], Any]:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
            self.width(len(items), event)
        return items, event

    def mapping(self, depth: int) -> tuple[dict[str, Entry], Any]:
        entries: dict[str, Entry] = {}
        count = 0
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            count += 1
            self.width(count, event)
            self.limits(event, depth + 1)
            key, text = self.key(event)
            node = self.node(next(self.events), depth + 1)
            if text in entries:
                first = self.source.place(entries[text].key.start)[0]
                self.note(key, f"`{text}` is given twice, first on line {first}", "remove one of them")
            entries[text] = Entry(key, node)
        return entries, event

    def key(self, event: Any) -> tuple[Span, str]:
        span = self.span(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise span.fail("a key must be a plain name", "write `name: value`")
        return span, event.value

    def alias(self, event: Any, depth: int) -> Node:
        span = self.span(event)
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise span.fail(f"more than {MAX_ALIASES} aliases", "write the values out")
        node, size = self.anchors.get(event.anchor, (None, -1))
        if node is None:
            why = "stands inside what it names" if size == 0 else "has no `&" + event.anchor + "` before it"
            raise span.fail(f"`*{event.anchor}` {why}", "put the value in quotes if it is a text")
        self.nodes += size
        self.limits(event, depth)
        self.limits(event, depth + height(node) - 1)
        return node.at(span)

    def note(self, span: Span, message: str, help: str) -> None:
        self.problems.append(span.problem(message, help))
