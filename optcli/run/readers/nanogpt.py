"""Console logs of the nanoGPT family: nanoGPT, build-nanogpt, modded-nanogpt, llm.c, nanochat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NAME, NUMBER, Row, sample, tables, trust

_EVAL: Final = re.compile(rf"^step (\d+): train loss ({NUMBER}), val loss ({NUMBER})")
_ITER: Final = re.compile(rf"^iter (\d+): loss ({NUMBER})(?:, time ({NUMBER})ms)?")
_BUILD: Final = re.compile(rf"^(\d+) (train|val|hella) ({NUMBER})\s*$")
_MODDED: Final = re.compile(r"^step:(\d+)/(\d+) (?:train_loss|val_loss|loss):")
_LLMC: Final = re.compile(rf"^step +(\d+)/(\d+) \| (?:train )?loss:? ({NUMBER})")
_LLMC_MAIN: Final = re.compile(rf"^s:(\d+) (tel|trl|eval):({NUMBER})")
_CHAT: Final = re.compile(rf"^step (\d+)/(\d+) \([\d.]+%\) \| loss: ({NUMBER})")
_CHAT_EVAL: Final = re.compile(rf"^Step (\d+) \| Validation bpb: ({NUMBER})")
_VAL: Final = re.compile(rf"^val loss:? ({NUMBER})\s*$")
_PAIR: Final = re.compile(rf"{NAME}:({NUMBER})")
_BARS: Final = re.compile(rf"\| ?(norm|lr|lrm|grad norm|dt):? ({NUMBER})")
_START: Final = re.compile(r"^(?:step|iter|s:|Step|\d+ (?:train|val|hella) )")
ALL: Final = (_EVAL, _ITER, _BUILD, _MODDED, _LLMC, _LLMC_MAIN, _CHAT, _CHAT_EVAL)
NAMES: Final = {"tel": "val loss", "trl": "train loss", "eval": "eval"}
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of one of the known shapes, most of those that begin like one."""
    lines = sample(head)
    hits = [any(p.search(line) for p in ALL) for line in lines]
    return 0.0 if not any(hits) else (0.895 if sum(hits) > 2 else 0.68) * trust(lines, hits)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every line of a known shape."""
    state = source.keep(_State)
    yield from tables(source, state.row, offset, format="nanogpt-console")
    if state.planned:
        yield Block({}, planned=state.planned)


class _State:
    """llm.c prints its validation loss on a line without a step: it belongs to the step before."""

    def __init__(self) -> None:
        self.step = 0.0
        self.planned: int | None = None

    def row(self, line: str) -> Row | None:
        """The numbers of a line."""
        line = line.strip()
        if not _START.match(line):
            found = _VAL.match(line)
            return {"step": self.step, "val loss": float(found[1])} if found else None
        numbers = self._eval(line) or self._step(line)
        if numbers:
            self.step = numbers["step"]
        return numbers

    def _eval(self, line: str) -> Row | None:
        if found := _EVAL.match(line):
            return {"step": float(found[1]), "train loss estimate": float(found[2]), "val loss": float(found[3])}
        if found := _BUILD.match(line):
            return {"step": float(found[1]), found[2]: float(found[3])}
        if found := _LLMC_MAIN.match(line):
            more = {k: float(v) for k, v in _PAIR.findall(line, found.end()) if k in ("lr", "norm")}
            return {"step": float(found[1]), NAMES[found[2]]: float(found[3]), **more}
        if found := _CHAT_EVAL.match(line):
            return {"step": float(found[1]), "val bpb": float(found[2])}
        return None

    def _step(self, line: str) -> Row | None:
        if found := _ITER.match(line):
            took = {"dt": float(found[3]) * 1e-3} if found[3] else {}
            return {"step": float(found[1]), "loss": float(found[2]), **took}
        if found := _MODDED.match(line):
            self.planned = int(found[2])
            pairs = {k: float(v) for k, v in _PAIR.findall(line) if k not in ("step", "train_time", "step_avg")}
            return {"step": float(found[1]), **pairs}
        if found := _CHAT.match(line) or _LLMC.match(line):
            self.planned = int(found[2])
            more = {k: float(v) for k, v in _BARS.findall(line) if k != "dt"}
            return {"step": float(found[1]), "loss": float(found[3]), **more}
        return None
