"""Any program's console output: `Epoch 3/10, loss: 0.4`, `step=100 loss=0.5 lr=1e-3`, `Epoch: [0][10/5005] Loss 7.0`.

With a pattern of the user's own (`--pattern`, a regular expression with named groups) only its matches count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block, Unreadable
from optcli.run.numbers import number
from optcli.run.roles import HOPELESS, SPLITS, listed, meaning
from optcli.run.source import Source
from optcli.run.text import DAMAGE, NUMBER, Row, sample, tables

_OF: Final = r"[\s:=#\[(]{0,4}(\d{1,12})(?:\s?(?:/|of)\s?(\d{1,12}))?(?![\d.]*[eE.%]\d)"
_EPOCH: Final = re.compile(rf"(?:\bep(?:och)?s?\b|^Train:(?= \d+ \[)){_OF}|\b(\d{{1,9}})epoch\b", re.I)
_STEP: Final = re.compile(rf"\b(?:global[ _]step|step|iter|iteration|update|batch|it|steps|iters)\b{_OF}", re.I)
_BAR: Final = re.compile(r"(?:\||%\|.{0,200}?\|) *(\d{1,12})/(\d{1,12}) \[\d|(?:^|: )(\d{1,12})(?:it)? \[\d\d:\d\d")
"""tqdm: `45%|####| 5/11 [00:10<00:12, ...]`, and `123it [00:10, ...]` where no total is known."""
_BRACKET: Final = re.compile(r"\[\s*(\d{1,12})\s*/\s*(\d{1,12})\b|\] \[(\d{1,12})\] (?=\w+=)")
_BOTH: Final = re.compile(r"^\[(\d{1,9}), +(\d{1,12})\] +(?=[A-Za-z])")
"""PyTorch's tutorial: `[1,  2000] loss: 2.2`."""
_MMENGINE: Final = re.compile(r"\bEpoch\((train|val|test)\) +\[(\d{1,9})\]\[ *(\d{1,12})/ *(\d{1,12})\]")
"""`Epoch(train)  [1][ 4/16]`; `Epoch(val)` counts the batches of the validation set."""
_SWIN: Final = re.compile(r"\bTrain(): \[(\d{1,9})/\d{1,9}\]\[ *(\d{1,12})/(\d{1,12})\]")
"""`Train: [3/300][10/1251]`: epochs, then batches."""
_RANK: Final = re.compile(r"[\[(](?:default|rank[ :=]?)(\d{1,5})[\])]", re.I)
"""Which of several processes wrote a line, as torchrun and DeepSpeed put it."""
_NUMBER: Final = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?![\w,])|{NUMBER})"
_PAIR: Final = re.compile(
    rf"(?<![\w@/.])([A-Za-z][\w@/.]{{0,80}}(?: [A-Za-z][\w@.]{{0,40}}){{0,2}}(?: \(\w{{1,20}}\))?)"
    rf" ?(?:=|: ?|->) *({_NUMBER})(?:/(\d+))?"
    rf"|\b((?:[A-Za-z]{{1,20}} ){{0,2}}[A-Za-z_]{{0,40}}(?:[Ll]oss|LOSS|[Aa]cc)[\w@]{{0,40}}(?: \(\w{{1,20}}\))?)"
    rf" +({_NUMBER})(?! ?/)"
)
_DIGIT: Final = re.compile(r"\d")
_SPLIT: Final = re.compile(r"\b(train|training|val|valid|validation|eval|evaluation|test)\b", re.I)
_AXIS_WORDS: Final = frozenset(listed("epoch epochs step steps iter iters iteration batch update it ep eta"))
_FILLERS: Final = _AXIS_WORDS | frozenset(listed("info and with the set debug results"))
HEADLINES: Final = frozenset(("train/loss", "val/loss", "test/loss", "train/accuracy", "val/accuracy", "test/accuracy"))
GROWS: Final = True


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
    state = source.keep(_State)
    parse = state.row if source.pattern is None else _own(source.path, source.pattern)
    yield from tables(source, parse, offset, format="console")
    yield Block({}, planned=state.planned, epochs=state.epochs, per_epoch=state.per_epoch)


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
        self.epochs: int | None = None
        self.per_epoch: int | None = None
        self._epoch: float | None = None
        self._step: float | None = None
        self._split = ""
        self._said: set[str] = set()
        """What has been said at this step."""
        self._steps_seen = False
        self._rank: str | None = None

    def row(self, line: str) -> Row | None:
        """The numbers of a line with a headline quantity in it, under the current step and epoch."""
        if len(line) > 2000 or self._foreign(line):
            return None
        if not _DIGIT.search(line):
            # `Test Error:` on a line of its own is about the line below.
            self._split = word[1] if len(line) < 40 and (word := _SPLIT.search(line)) else ""
            return None
        before = self._epoch, self._step
        inline = self._axis(line)
        pairs = self._pairs(line)
        self._split = ""
        if before == (self._epoch, self._step):
            if DAMAGE.search(line):
                return None
        else:
            self._said = set()
        if not pairs or (self._epoch is None and self._step is None):
            return None
        if not any(_headline(name) for name in pairs):
            return None
        if not inline and self._steps_seen:
            # What is said again belongs to a step whose number is damaged.
            pairs = {new: value for name, value in pairs.items() if (new := _summary(name)) not in self._said}
        self._said |= pairs.keys()
        axis = {"epoch": self._epoch, "step": self._step}
        return {**{k: v for k, v in axis.items() if v is not None}, **pairs}

    def _foreign(self, line: str) -> bool:
        """Whether another process wrote the line than the first that said which it is."""
        found = _RANK.search(line)
        if found is None:
            return False
        self._rank = found[1] if self._rank is None else self._rank
        return found[1] != self._rank

    def _axis(self, line: str) -> bool:
        """Take epoch and step from a line; whether a step stands in it."""
        if found := _MMENGINE.search(line) or _SWIN.search(line):
            if found[1] in ("train", ""):
                self._step, self.per_epoch, self._steps_seen = float(found[3]), int(found[4]), True
            self._epoch = float(found[2])
            return True
        if both := _BOTH.match(line):
            self._epoch, self._step, self._steps_seen = float(both[1]), float(both[2]), True
            return True
        epoch = _EPOCH.search(line)
        if epoch is not None:
            self._epoch = float(epoch[1] or epoch[3])
            self.epochs = int(epoch[2]) if epoch[2] else self.epochs
        step = _STEP.search(line) or _BAR.search(line) or _BRACKET.search(line, epoch.end() if epoch else 0)
        if step is None or (epoch is not None and step.start() == epoch.start()):
            return False
        count = step[1] or step[3] if step.re is not _STEP else step[1]
        self._step, self._steps_seen = float(count), True
        if step[2]:
            if self._epoch is None:
                self.planned = int(step[2])
            else:
                self.per_epoch = int(step[2])
        return True

    def _pairs(self, line: str) -> Row:
        found: Row = {}
        splits = [(at.start(), at[1]) for at in _SPLIT.finditer(line)]
        for pair in _PAIR.finditer(line):
            name = _name(pair[1] or pair[4])
            if not name or name.lower() in _AXIS_WORDS or name.endswith(".py"):
                continue
            value = float((pair[2] or pair[5]).replace(",", ""))
            if pair[3]:
                # `Accuracy: 9823/10000` is a share; `batch: 3/10` is no quantity.
                if not _headline(name) or not int(pair[3]):
                    continue
                value /= int(pair[3])
            found.setdefault(self._with_split(name, pair.start(), splits), value)
        return found

    def _with_split(self, name: str, at: int, splits: list[tuple[int, str]]) -> str:
        """`Test set: Average loss: 0.05` and `[valid] loss=0.5`: what comes before says which data it is about."""
        if not _headline(name) or _SPLIT.search(name.replace("_", " ").replace("/", " ").replace(".", " ")):
            return name
        before = next((word for place, word in reversed(splits) if place < at), self._split)
        return name if SPLITS.get(before.lower(), "train") == "train" else f"{before.lower()} {name}"


def _name(phrase: str) -> str:
    """The part of a phrase behind the last word that only counts: `Epoch Train Loss` is `Train Loss`."""
    parts = phrase.split(" ")
    while parts and parts[0].lower() in _FILLERS:
        parts.pop(0)
    # `completed step: 5` counts, too.
    return "" if parts and parts[-1].lower() in _AXIS_WORDS else " ".join(parts)


def _summary(name: str) -> str:
    """Averages over an epoch get a name of their own where there are values for steps; validation has only those."""
    found = meaning(name)
    return f"epoch {name}" if found is not None and found.role.startswith("train/") else name


def _headline(name: str) -> bool:
    found = meaning(name)
    return found is not None and found.role in HEADLINES and found.rank < HOPELESS
