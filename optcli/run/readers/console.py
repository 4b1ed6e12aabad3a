"""Any program's console output: `Epoch 3/10, loss: 0.4`, `step=100 loss=0.5 lr=1e-3`, `Epoch: [0][10/5005] Loss 7.0`.

With a pattern of the user's own (`--pattern`, a regular expression with named groups) only its matches count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block, Unreadable
from optcli.run.numbers import number
from optcli.run.roles import HOPELESS, listed, meaning
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, sample, tables

_OF: Final = r"[\s:=#\[(]{0,4}(\d{1,12})(?:\s?(?:/|of)\s?(\d{1,12}))?(?![\d.]*[eE.%]\d)"
_EPOCH: Final = re.compile(rf"(?:\bep(?:och)?s?\b|^Train:(?= \d+ \[)){_OF}", re.I)
_STEP: Final = re.compile(rf"\b(?:global[ _]step|step|iter|iteration|update|batch|it|steps|iters)\b{_OF}", re.I)
_BRACKET: Final = re.compile(r"\[\s*(\d{1,12})\s*/\s*(\d{1,12})\b")
_PAIR: Final = re.compile(
    rf"(?<![\w@/.])([A-Za-z][\w@/.]{{0,80}}(?: [A-Za-z][\w@.]{{0,40}}){{0,2}}) ?(?:=|: ?|->) *({NUMBER})(?! ?/)"
    rf"|\b([A-Za-z_]{{0,40}}(?:[Ll]oss|LOSS|[Aa]cc)[\w@]{{0,40}}) +({NUMBER})(?! ?/)"
)
_AXIS_WORDS: Final = frozenset(listed("epoch epochs step steps iter iters iteration batch update it ep eta"))
HEADLINES: Final = frozenset(("train/loss", "val/loss", "test/loss", "train/accuracy", "val/accuracy", "test/accuracy"))


def sniff(head: bytes, name: str) -> float:
    """Losses in many lines, and a count of steps or epochs."""
    lines = sample(head)
    state = _State()
    hits = sum(state.row(line) is not None for line in lines)
    if not hits:
        return 0.0
    return 0.44 if hits >= 3 and hits >= 0.05 * len(lines) else 0.24


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every line that speaks of a loss or an accuracy.

    Raises:
        Unreadable: the user's pattern is no regular expression or has no named group.
    """
    state = _State()
    parse = state.row if source.pattern is None else _own(source.path, source.pattern)
    yield from tables(source, parse, offset, format="console")
    if state.planned:
        yield Block({}, planned=state.planned)


class _Own:
    """A user's pattern."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def __call__(self, line: str) -> Row | None:
        """The numbers in the named groups of all matches in a line."""
        row: Row = {}
        for found in self._pattern.finditer(line):
            for name, text in found.groupdict().items():
                if text is not None and (value := number(text)) is not None:
                    row[name] = value
        return row or None


def _own(path: str, pattern: str) -> _Own:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise Unreadable(path, f"--pattern is no regular expression: {error}") from None
    if not compiled.groupindex:
        raise Unreadable(path, "--pattern has no named group such as (?P<loss>...)")
    return _Own(compiled)


class _State:
    """Which epoch and step the lines are at: many programs print them on a line of their own."""

    def __init__(self) -> None:
        self.planned: int | None = None
        self._epoch: float | None = None
        self._step: float | None = None
        self._steps_seen = False

    def row(self, line: str) -> Row | None:
        """The numbers of a line with a headline quantity in it, under the current step and epoch."""
        if len(line) > 2000:
            return None
        inline = self._axis(line)
        if not any(c.isdigit() for c in line):
            return None
        pairs = self._pairs(line)
        if not pairs or (self._epoch is None and self._step is None):
            return None
        if not any(_headline(name) for name in pairs):
            return None
        if not inline and self._steps_seen:
            pairs = {_summary(name): value for name, value in pairs.items()}
        axis = {"epoch": self._epoch, "step": self._step}
        return {**{k: v for k, v in axis.items() if v is not None}, **pairs}

    def _axis(self, line: str) -> bool:
        """Take epoch and step from a line; whether a step stands in it."""
        epoch = _EPOCH.search(line)
        if epoch is not None:
            self._epoch = float(epoch[1])
        step = _STEP.search(line) or _BRACKET.search(line, epoch.end(1) if epoch else 0)
        if step is not None and epoch is not None and step.start(1) == epoch.start(1):
            step = None
        if step is not None:
            self._step, self._steps_seen = float(step[1]), True
        total = (step and step[2]) or (epoch and epoch[2] and not self._steps_seen and epoch[2])
        if total and (self._epoch is None or step is None):
            self.planned = int(total)
        return step is not None

    def _pairs(self, line: str) -> Row:
        found: Row = {}
        for phrase, value, word, other in _PAIR.findall(line):
            name = _name(phrase or word)
            if name and name.lower() not in _AXIS_WORDS:
                found.setdefault(name, float(value or other))
        return found


def _name(phrase: str) -> str:
    """The part of a phrase behind the last word that only counts: `Epoch Train Loss` is `Train Loss`."""
    parts = phrase.split(" ")
    while parts and parts[0].lower() in _AXIS_WORDS | {"info", "and", "with", "the", "set", "debug"}:
        parts.pop(0)
    return " ".join(parts)


def _summary(name: str) -> str:
    """Averages over an epoch get a name of their own where there are values for steps; validation has only those."""
    found = meaning(name)
    return f"epoch {name}" if found is not None and found.role.startswith("train/") else name


def _headline(name: str) -> bool:
    found = meaning(name)
    return found is not None and found.role in HEADLINES and found.rank < HOPELESS
