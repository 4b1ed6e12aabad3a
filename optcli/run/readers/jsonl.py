"""JSON lines: detectron2, mmdetection 2, MMEngine, the DETR family, LLaMA-Factory, and anybody's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from optcli.run import notes as say
from optcli.run.block import Block, table
from optcli.run.jsonrows import Kind, alike, by_shape, objects, opened, parse
from optcli.run.numbers import number
from optcli.run.roles import STEP_NAMES, meaning
from optcli.run.rows import Part, from_grids, split_of, tagged, under
from optcli.run.source import Source

GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """The first whole lines are objects with numbers in them."""
    if not head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"{"):
        return 0.0
    rows, whole = _first(head)
    if not rows:
        return 0.0
    keys = {key for row in rows for key in tagged(row)}
    if not keys:
        return 0.0
    headline = any((said := meaning(key)) is not None and "/" in said.role for key in keys)
    if len(rows) > 1 or whole > 1:
        return 0.86 if headline else 0.46
    # A single object is the first line of a live log only if it says at which step; else it is a result.
    counted = any(key.lower() in (*STEP_NAMES, "epoch") for key in keys) and "_runtime" not in keys
    return 0.61 if headline and counted else 0.21


def _first(head: bytes) -> tuple[list[dict[str, Any]], int]:
    """Objects among the first lines, and how many lines there are; nothing if the first line is no JSON object."""
    lines = [line for line in head.lstrip(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    rows = []
    for i, line in enumerate(lines[:40]):
        try:
            row = parse(line)
        except ValueError:
            if i == 0:
                return [], 0
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows, len(lines)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block for every few megabytes."""
    state = source.keep(_Dialect)
    for start, data in source.lines(offset):
        if start == 0:
            data = data.removeprefix(b"\xef\xbb\xbf")
        yield from _piece(data, start, source, state)


def _piece(data: bytes, start: int, source: Source, state: _Dialect) -> Iterator[Block]:
    if not data.endswith(b"\n"):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield from _piece(data[:cut], start, source, state)
        yield from _last(data[cut:], start + cut, state)
        return
    found = _quickly(data, state)
    if found is None:
        rows, bad = objects(data, start)
        source.skipped += bad
        yield state.block(rows, start + len(data))
        return
    kinds, left = found
    parts: list[Part] = [(kind.rows, under(split_of(kind.words), kind.names), kind.values) for kind in kinds]
    if left:
        parts += _singles(data, start, left, source, state)
    yield from_grids(parts, end_offset=start + len(data), format=state.format)


def _quickly(data: bytes, state: _Dialect) -> tuple[list[Kind], list[int]] | None:
    """Lines that numpy can read, and the numbers of the others; None where there is more to them than their numbers."""
    same = None if state.kinds else alike(data)
    found = ([same], []) if same is not None else by_shape(data, texts=state.texts)
    if found is None and not state.texts:
        found = by_shape(data, texts=True)
        state.texts = found is not None
    state.kinds = state.texts or same is None
    return found if found is not None and all(state.plain(kind.names) for kind in found[0]) else None


def _singles(data: bytes, start: int, lines: list[int], source: Source, state: _Dialect) -> Iterator[Part]:
    """Lines that are like no others."""
    ends = [-1, *np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")).tolist()]
    openings = opened(data)
    for line in lines:
        at = ends[line] + 1
        rows, bad = objects(data[at : ends[line + 1]], start + at, openings)
        source.skipped += bad
        for numbers in map(state.row, rows):
            yield np.array([float(line)]), list(numbers), np.array([list(numbers.values())])


def _last(line: bytes, start: int, state: _Dialect) -> Iterator[Block]:
    """A line without its newline: whole if its object is closed, else it waits."""
    rows, bad = objects(line, start)
    if bad:
        note = say.note(say.UNFINISHED, f"the last line, from byte {start}")
        yield Block({}, notes=(note,), end_offset=start, torn=True)
    else:
        yield state.block(rows, start + len(line))


class _Dialect:
    """What is special about the writer, as far as the lines so far tell."""

    def __init__(self) -> None:
        self.format = "jsonl"
        self.planned: int | None = None
        self.kinds = False
        """Whether the lines so far were of several kinds."""
        self.texts = False
        """Whether values that are texts are to be passed over."""
        self._step = 0.0
        self._per_epoch = 0.0

    def plain(self, names: list[str]) -> bool:
        """Whether these columns need no second look."""
        self._name(set(names))
        return "env_info" not in names and self.format not in ("mmdet-json", "mmengine-json", "llamafactory-jsonl")

    def _name(self, keys: set[str]) -> None:
        if {"mode", "iter", "epoch"} <= keys:
            self.format = "mmdet-json"
        elif {"iteration", "total_loss"} <= keys:
            self.format = "detectron2-json"
        elif {"current_steps", "total_steps"} <= keys:
            self.format = "llamafactory-jsonl"
        elif {"iter", "step", "data_time"} <= keys:
            self.format = "mmengine-json"
        elif {"train_loss", "train_lr", "epoch"} <= keys:
            self.format = "detr-jsonl"

    def block(self, rows: list[dict[str, Any]], end: int) -> Block:
        found = []
        for row in rows:
            if self.format == "jsonl":
                self._name(set(row))
            total = row.get("total_steps")
            if self.format == "llamafactory-jsonl" and isinstance(total, int):
                self.planned = total
            found.append(self.row(row))
        return table([r for r in found if r], end_offset=end, format=self.format, planned=self.planned)

    def row(self, row: dict[str, Any]) -> dict[str, float]:
        """The numbers of an object, its step counted through."""
        numbers = {} if "env_info" in row else tagged(row)
        if self.format == "mmdet-json":
            return self._mmdet(row, numbers)
        if self.format == "mmengine-json":
            return self._mmengine(numbers)
        return numbers

    def _mmdet(self, row: dict[str, Any], numbers: dict[str, float]) -> dict[str, float]:
        """`iter` counts inside the epoch; in validation rows it is the size of the data set."""
        epoch, at = number(row.get("epoch")), number(row.get("iter"))
        if epoch is None or at is None:
            return {}
        numbers = {k: v for k, v in numbers.items() if k not in ("iter", "step")}
        if row.get("mode") == "train":
            self._per_epoch = max(self._per_epoch, at)
            self._step = (epoch - 1) * self._per_epoch + at
            return numbers | {"step": self._step}
        return numbers | {"step": max(self._step, epoch * self._per_epoch)}

    def _mmengine(self, numbers: dict[str, float]) -> dict[str, float]:
        """Validation rows count epochs in `step`; they belong to the training step before, their seconds don't."""
        if "iter" in numbers or "loss" in numbers:
            self._step = numbers.get("step", self._step)
            return numbers
        return {f"val/{k}": v for k, v in numbers.items() if k != "step"} | {"step": self._step}
