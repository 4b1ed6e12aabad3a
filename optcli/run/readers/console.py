"""Any program's console output: `Epoch 3/10, loss: 0.4`, `step=100 loss=0.5 lr=1e-3`, `Epoch: [0][10/5005] Loss 7.0`.

With a pattern of the user's own (`--pattern`, a regular expression with named groups) only its matches count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.bars import Bars
from optcli.run.block import Block, Unreadable
from optcli.run.heldout import HeldOut
from optcli.run.numbers import number
from optcli.run.pairs import SPLIT, Pairs, pairs
from optcli.run.roles import SPLITS, STAND_IN, meaning, words
from optcli.run.source import Source
from optcli.run.text import DAMAGE, Row, sample, tables
from optcli.run.tongues import translated

_OF: Final = r"[\s:=#\[(]{0,24}+(\d{1,12})(?:\s?(?:/|of)\s?(\d{1,12}+)(?!/\d))?(?![\d.]*(?:[eE.]\d|%))"
_EPOCH: Final = re.compile(
    rf"(?:\bep(?:o(?:ch(?:s|en?)?|ca|que)|s)?\b|^Train:(?= \d+ \[)){_OF}|\b(\d{{1,9}})epoch\b", re.I
)
_PASS: Final = re.compile(r"^Pass (\d{1,9}), Batch (\d{1,9}), Cost ")
"""Paddle's `Pass 3, Batch 0, Cost 0.5`."""
_TURNED: Final = re.compile(r"(^|, )(\d{1,9}) (epoch|iter|iteration|step)(?=,)")
"""`000 epoch, 02000 iter, loss 0.5`."""
_STEP: Final = re.compile(
    r"\b(?:(?<!s/)(?:global[ _]step|step|schritt|iter|iteration|update|batch|it|steps|iters)\b"
    r"|(?<![a-z] )(?:iterations|updates|batches)(?= ?[:=])|process(?= \d+/\d+\([\d.]+%)"
    rf"){_OF}",
    re.I,
)
"""Some in the plural only by themselves: `total iterations: 900` is a plan."""
_TOTAL: Final = re.compile(rf"\btotal_(?:step|iter|iteration)\b{_OF}", re.I)
"""A step where nothing else is, beside a loss: elsewhere it is a plan."""
_BAR: Final = re.compile(r"(?:\||%\|.{0,200}?\|) *(\d{1,12})/(\d{1,12}) \[\d|(?:^|: )(\d{1,12})(?:it)? \[\d\d:\d\d")
"""tqdm: `45%|####| 5/11 [00:10<00:12, ...]`, and `123it [00:10, ...]` where no total is known."""
_GLUED: Final = re.compile(r"(?:it/s|s/it)[^\[\]]{0,400}\](?=[A-Za-z])")
"""A bar that hasn't ended its line, before what was printed next."""
_BRACKET: Final = re.compile(r"\[\s*(\d{1,12})\s*/\s*(\d{1,12})\b(?!/\d| +\d\d?:\d\d)|\] \[(\d{1,12})\] (?=\w+=)")
"""`[10/5005]`, and no `[2025/07/22 00:22:10]`."""
_BOTH: Final = re.compile(r"^\[(\d{1,9}), *(\d{1,12})\]:? +(?=[A-Za-z])")
_LEAD: Final = re.compile(r"^\[ *(\d{1,9}) */ *(\d{1,9}) *\]")
"""PyTorch's tutorial: `[1,  2000] loss: 2.2`, and `[1 / 10]` at the end of an epoch."""
_MMENGINE: Final = re.compile(r"\bEpoch\((train|val|test)\) +\[(\d{1,9})\]\[ *(\d{1,12})/ *(\d{1,12})\]")
"""`Epoch(train)  [1][ 4/16]`; `Epoch(val)` counts the batches of the validation set."""
_SWIN: Final = re.compile(r"\bTrain(): \[(\d{1,9})/\d{1,9}\]\[ *(\d{1,12})/(\d{1,12})\]")
"""`Train: [3/300][10/1251]`: epochs, then batches."""
_RANK: Final = re.compile(r"[\[(](?:default|rank[ :=]?)(\d{1,5})[\])]", re.I)
"""Which of several processes wrote a line, as torchrun and DeepSpeed put it."""
_DIGIT: Final = re.compile(r"\d")
_NO_DIGIT: Final = re.compile(r"(?<![^\W_])(?:nan|inf|infinity)(?![^\W_])", re.I)
_COUNT: Final = re.compile(r"^\s*(\d{1,9})(?: ?/ ?(\d{1,9}))? *(?:[|:]|\)(?= \w{1,80} - )) +(?=[A-Za-z])")
"""`10 | loss 9.4`: a count without a name, before a loss or a list."""
ENOUGH: Final = 3
"""Lines from which on a file is a log, and a name that is only like that of a loss is one."""
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Losses in many lines, and a count of steps or epochs."""
    lines = sample(head)
    state = Lines()
    hits = sum(state.row(line) is not None for line in lines)
    if not hits or (not state.headlines and hits < ENOUGH):
        return 0.0
    return 0.44 if hits >= ENOUGH and hits >= 0.05 * len(lines) else 0.24


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every line that speaks of a loss or an accuracy, with what other lines say beside it.

    Raises:
        Unreadable: the user's pattern is no regular expression or has no named group.
    """
    state = source.keep(Lines)
    parse = state.row if source.pattern is None else _own(source.path, source.pattern)
    yield from tables(source, parse, offset, format="console")
    roles = state.roles()
    source.whole = bool(roles)
    yield Block({}, planned=state.planned, epochs=state.epochs, per_epoch=state.per_epoch, roles=roles)


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


class Lines:
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
        self._told = False
        """Whether there was a headline quantity at this step or, without steps, in this epoch."""
        self._early: Row = {}
        self._early_inline = False
        """What was said before it, and whether with a step of its own."""
        self.headlines = False
        """Whether there was a loss or an accuracy at all, by a name that says so."""
        self._loss = False
        self._nicknames: dict[str, None] = {}
        self._steps_seen = self._counting = self._both = False
        self._partly = False
        """Whether a bar has been seen that isn't full."""
        self._rank: str | None = None
        self._held_out, self._bars = HeldOut(), Bars()

    def row(self, line: str) -> Row | None:
        """The numbers of a line with a headline quantity in it, under the current step and epoch."""
        if len(line) > 2000 or self._foreign(line):
            return None
        if not _DIGIT.search(line) and not _NO_DIGIT.search(line):
            # `Test Error:` on a line of its own is about the line below.
            self._split = word[1] if len(line) < 40 and (word := SPLIT.search(translated(line))) else ""
            return None
        if line.startswith("Pass "):
            line = _PASS.sub(r"epoch \1, batch \2, cost: ", line)
        if line[:1].isdigit():
            line = _TURNED.sub(r"\1\3 \2", line)
        before = self._epoch, self._step
        said, counts = _pairs(line, self._split), line if line.isascii() else translated(line)
        inline = self._axis(counts, said) or (bool(said.headlines() or said.watched()) and self._counted(counts))
        self._split = ""
        if self._held_out.taken():
            return None
        said = self._held_out.join(line, said, inline)
        said = said._replace(found=self._bars.fresh(said.found))
        moved = before != (self._epoch, self._step)
        if moved:
            self._move(before[0] != self._epoch)
        elif DAMAGE.search(line):
            return None
        if not said.found or (self._epoch is None and self._step is None):
            return None
        if self.loud(said, inline or moved):
            self._told, numbers = True, self._early | said.found
            self._early, self._early_inline = {}, False
        else:
            numbers = self._beside(said, inline)
        if not inline and self._steps_seen:
            # said again: it belongs to a step whose number is damaged
            numbers = {new: value for name, value in numbers.items() if (new := _summary(name)) not in self._said}
        self._said |= numbers.keys()
        axis = {"epoch": self._epoch, "step": self._step}
        return {**{k: v for k, v in axis.items() if v is not None}, **numbers} if numbers else None

    def loud(self, said: Pairs, counts: bool) -> bool:
        """Whether a line speaks of a loss or an accuracy, if need be by another name beside a count."""
        if names := said.headlines():
            self.headlines = True
            self._loss = self._loss or any(_is_loss(name) for name in names)
            return True
        names = said.nicknames() if counts else []
        self._nicknames |= dict.fromkeys(names)
        return bool(names) or (counts and bool(said.watched()))

    def roles(self) -> dict[str, str]:
        """What stands for the loss in a log without any: `L` rather than `closs`, which may be a part of it."""
        found: dict[str, str] = {}
        for name in () if self._loss else sorted(self._nicknames, key=lambda name: "loss" in name.lower()):
            split = next((SPLITS[word] for word in words(name) if word in SPLITS), "train")
            found.setdefault(f"{split}/loss", name)
        return found

    def _move(self, epoch: bool) -> None:
        """Another step, or another epoch, begins."""
        self._said, self._told = set(), False
        if epoch or self._early_inline:
            self._early, self._early_inline = {}, False

    def _beside(self, said: Pairs, inline: bool) -> Row:
        """What a line without a headline adds to those with one: the lines of one step or epoch are one record.

        Before the first headline of a record it waits, as what never meets one is no record of a training.
        """
        if self._told:
            return said.telling(inline) | (said.signed() if inline else {})
        self._early |= said.telling(inline)
        self._early_inline |= inline
        return {}

    def _foreign(self, line: str) -> bool:
        """Whether another process wrote the line than the first that said which it is."""
        if (found := _RANK.search(line)) is None:
            return False
        self._rank = found[1] if self._rank is None else self._rank
        return found[1] != self._rank

    def _axis(self, line: str, said: Pairs) -> bool:
        """Take epoch and step from a line; whether a step stands in it."""
        if "][" in line and (found := _MMENGINE.search(line) or _SWIN.search(line)):
            if found[1] in ("train", ""):
                self._step, self.per_epoch, self._steps_seen = float(found[3]), int(found[4]), True
            self._epoch = float(found[2])
            return True
        if both := _BOTH.match(line):
            self._epoch, self._step, self._steps_seen = float(both[1]), float(both[2]), True
            self._both = True
            return True
        if self._both and (lead := _LEAD.match(line)) and float(lead[1]) == self._epoch:
            self.epochs = int(lead[2])
            return False
        epoch = _EPOCH.search(line)
        if epoch is not None:
            self._epoch = float(epoch[1] or epoch[3])
            self.epochs = int(epoch[2]) if epoch[2] else self.epochs
        step = _STEP.search(line)
        if step is None and "|" in line and not said.headlines() and self._bars.elsewhere(line):
            return False
        if step is None and "[" in line:
            step = _BAR.search(line) or _BRACKET.search(line, epoch.end() if epoch else 0)
        if step is None or (epoch is not None and step.start() == epoch.start()) or self._idle(step, said):
            return False
        if step.re is _BRACKET and self._held_out.counts(line, step.start()):
            return False
        count = step[1] or step[3] if step.re is not _STEP else step[1]
        self._step, self._steps_seen = float(count), True
        if step[2]:
            if self._epoch is None:
                self.planned = int(step[2])
            else:
                self.per_epoch = int(step[2])
        return True

    def _idle(self, step: re.Match[str], said: Pairs) -> bool:
        """Whether it is a bar of which only the end is in the log, or that says nothing: the epochs count then."""
        if step.re is not _BAR:
            return False
        self._bars.at(self._epoch, float(step[1] or step[3]), step[2], said.found)
        if not step[2] or self._epoch is None:
            return False
        self._partly |= step[1] != step[2] and bool(self._bars.changed(said.found))
        return not self._partly

    def _counted(self, line: str) -> bool:
        """Take a step that stands before everything else, in a log that counts nothing else.

        It must go on from the last one, as the number of a process and the like don't.
        """
        if "total_" in line and (total := _TOTAL.search(line)):
            self._step, self._steps_seen = float(total[1]), True
            return True
        found = _COUNT.match(line) if self._epoch is None else None
        if found is None or not (self._counting or self._step is None or float(found[1]) >= self._step):
            return False
        self._step, self._steps_seen, self._counting = float(found[1]), True, True
        self.planned = int(found[2]) if found[2] else self.planned
        return True


def _pairs(line: str, split: str) -> Pairs:
    """The pairs of a line; of what stands right behind a bar only losses, accuracies and the like."""
    end = _GLUED.search(line) if "/it" in line or "it/s" in line else None
    if end is None:
        return pairs(line, split)
    said, more = pairs(line[: end.end()], split), pairs(line[end.end() :])
    return said._replace(found={name: more.found[name] for name in more.headlines()} | said.found)


def _is_loss(name: str) -> bool:
    found = meaning(name)
    return found is not None and found.role.endswith("/loss") and found.rank < STAND_IN


def _summary(name: str) -> str:
    """Averages over an epoch get a name of their own where there are values for steps; validation has only those."""
    found = meaning(name)
    return f"epoch {name}" if found is not None and found.role.startswith("train/") else name
