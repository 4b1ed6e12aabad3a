"""The console of Ultralytics' YOLOs and of YOLOv5 and v7: names, a bar with the epoch's means, the scores below.

Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size
 1/20      1.19G      1.018      3.009      1.465          2        640: 100% 4/4 [00:01<00:00,  2.66it/s]
           Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100% 1/1 [00:00<00:00]
             all          7         14    0.00667          1      0.307      0.197
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block, table
from optcli.run.numbers import number
from optcli.run.source import Source
from optcli.run.text import Row, sample, tables

_HEADING: Final = re.compile(r"\s*Epoch\s+GPU_mem\s+(\S.{0,300})", re.I)
_STATE: Final = re.compile(r"\s*(\d{1,9})/(\d{1,9})\s+\d[\d.]*[KMGT]?B?\s+(\S.*)")
_DONE: Final = re.compile(r"(\d{1,3})%")
_SCORES: Final = re.compile(
    r"\s*(?:(Class)\s+Images\s+\S+|classes)\s+(\S.{0,300}?)(?::?\s+\d+%.*|\s+WARNING.*|:?\s*)", re.I
)
_ALL: Final = re.compile(r"\s*all\s+(\d.*)")
_GROUP: Final = re.compile(r"(?:(\w)\w*\()?([^()]+)(\)?)")
BY_WORK: Final = frozenset(("instances", "labels", "targets", "size", "img_size"))
LONG: Final = {
    "P": "precision", "R": "recall", "mAP@.5": "mAP50", "mAP@.5:.95": "mAP50-95",
    "top1_acc": "accuracy_top1", "top5_acc": "accuracy_top5",
}  # fmt: skip
"""What `results.csv` calls the scores that are shortened for the console."""
ROLES: Final = {f"val/accuracy{end}": f"metrics/accuracy_top{n}" for end, n in (("", 1), ("_top5", 5))}
COUNTS: Final = 2
"""Numbers of pictures and of things in them, which stand before the scores of a detector."""
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A heading and a state of the bar that fits it."""
    epoch = _Epoch()
    for line in sample(head):
        epoch.row(line)
    return 0.95 if epoch.planned else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row an epoch: the last state of its bar, and the scores of all classes behind it."""
    epoch = source.keep(_Epoch)
    yield from tables(source, epoch.row, offset, format="ultralytics-console", roles=ROLES)
    last = epoch.rest() if source.ended and epoch.whole else None
    yield table([last] if last else [], epochs=epoch.planned)


class _Epoch:
    """What is known of the epoch that goes on."""

    def __init__(self) -> None:
        self.planned: int | None = None
        self.whole = True
        """Whether its bar is full: before, it shows means over a part of the epoch."""
        self._from: int | None = None
        self._names: list[str] = []
        self._scores: list[str] = []
        self._counts = 0
        self._now: Row = {}

    def row(self, line: str) -> Row | None:
        """The numbers of the epoch that this line ends."""
        if found := _HEADING.fullmatch(line):
            self._names = [_loss(name) for name in found[1].split()]
            return self.rest()
        if found := _STATE.fullmatch(line):
            return self._state(int(found[1]), int(found[2]), found[3])
        if found := _SCORES.fullmatch(line):
            self._scores, self._counts = list(_scores(found[2])), COUNTS * (found[1] is not None)
        elif found := _ALL.fullmatch(line):
            return self._all(found[1])
        return None

    def rest(self) -> Row | None:
        """The epoch that no validation has ended."""
        ended, self._now = self._now, {}
        return ended or None

    def _state(self, epoch: int, last: int, said: str) -> Row | None:
        values = [number(cell.rstrip(":")) for cell in said.split()[: len(self._names)]]
        numbers = [value for value in values if value is not None]
        if not self._names or len(numbers) < len(self._names):
            return None
        ended = self.rest() if self._now.get("epoch") != epoch else None
        named = zip(self._names, numbers, strict=True)
        self._now = {"epoch": float(epoch), **{name: value for name, value in named if name not in BY_WORK}}
        done = _DONE.search(said)
        self.whole = done is None or int(done[1]) >= 100
        self._from = epoch if self._from is None else self._from
        self.planned = last + (self._from == 0)
        return ended

    def _all(self, said: str) -> Row | None:
        """The scores belong to the epoch that has just ended: behind the last one the best weights get theirs again."""
        numbers = [value for cell in said.split() if (value := number(cell)) is not None][self._counts :]
        if not self._now or not 0 < len(self._scores) <= len(numbers):
            return None
        return {**(self.rest() or {}), **dict(zip(self._scores, numbers, strict=False))}


def _loss(name: str) -> str:
    """`box` of older versions is `train/box_loss` in the files of newer ones."""
    name = name.lower()
    if name in BY_WORK:
        return name
    return "train/loss" if name in ("total", "loss") else f"train/{name.removesuffix('_loss')}_loss"


def _scores(heading: str) -> Iterator[str]:
    """`Box(P R mAP50 mAP50-95) Mask(P ...)`: names with the letter of their group."""
    group = ""
    for word in heading.split():
        if found := _GROUP.fullmatch(word):
            group = found[1] or group
            yield f"metrics/{LONG.get(found[2], found[2])}" + (f"({group})" if group else "")
            group = "" if found[3] else group
