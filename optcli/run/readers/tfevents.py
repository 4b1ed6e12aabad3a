"""TensorBoard event files (torch, tensorboardX, TF1 and 2, Keras, Lightning), read without TensorBoard.

Records of equal length are taken together as a matrix of bytes; one of them is parsed, those that equal it but for
time, step and value are read as columns, and their checksums are checked in the same way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optcli.run import notes as say
from optcli.run.block import Block, Column
from optcli.run.crc32c import crc, masked, masked_like, next_header, of_length
from optcli.run.curve import Counts, read_only
from optcli.run.roles import listed
from optcli.run.source import Source
from optcli.run.tfevent import Event, event
from optcli.run.tfrecord import Window, windows
from optcli.run.wire import Malformed

Bytes = npt.NDArray[np.uint8]
FEW: Final = 6
"""Fewer records of a kind than this are parsed one by one."""
SMALL: Final = 512
"""Up to here every checksum is taken: a flipped bit can make a scalar look like something else."""
CHECKED: Final = 1 << 16
"""Longer records are no scalars; their checksum is not taken."""
TRIES: Final = 8
"""Headers inside of a damaged record behind which a whole one is looked for."""
RARE: Final = 256
PATIENCE: Final = 32
"""After so many kinds of record that are fewer than one in 256 each, the rest are parsed one by one."""
SPLIT_FOLDERS: Final = frozenset(listed("train training learn validation val valid test eval evaluation"))
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A record header with the right checksum."""
    if len(head) < 12:
        return 0.0
    length = int.from_bytes(head[:8], "little")
    good = length < 1 << 32 and of_length(length) == int.from_bytes(head[8:12], "little")
    if good:
        return 1.0 if b"brain.Event" in head[:64] else 0.9
    # A file damaged in its first bytes is still known by the name that all writers give.
    return 0.61 if "tfevents" in name and b"brain.Event" in head[:128] else 0.0


def home(path: str) -> str:
    """The run directory: Keras' `train/` and `validation/` and the folders of `add_scalars` are inside of it."""
    folder = os.path.dirname(path)
    parent = os.path.dirname(folder)
    if os.path.basename(folder).lower() in SPLIT_FOLDERS or _has_events(parent):
        above = os.path.dirname(parent)
        return above if above and _has_events(above) else parent or "."
    return folder or "."


def _has_events(folder: str) -> bool:
    try:
        return any("tfevents" in name for name in os.listdir(folder or "."))
    except OSError:
        return False


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block for every few megabytes; tags are put behind the folder of the file where that names a split."""
    prefix = _prefix(source.name)
    plugins: dict[bytes, bytes] = source.keep(dict)
    used = there = offset
    for window in windows(source, offset):
        found = _Scalars(window, source, plugins)
        used, there = window.end, window.base + len(window.data)
        yield replace(found.block(prefix), end_offset=used)
    if used < (there if source.size is None else source.size) and not source.skipped:
        note = say.note(say.UNFINISHED, f"{source.name}: the last record, from byte {used}")
        yield Block({}, notes=(note,), torn=True)


def _prefix(name: str) -> str:
    folder = os.path.dirname(name)
    return f"{folder}/" if folder else ""


class _Scalars:
    """The scalars of one window."""

    def __init__(self, window: Window, source: Source, plugins: dict[bytes, bytes]) -> None:
        self._window, self._source, self._plugins = window, source, plugins
        self._found: dict[bytes, list[tuple[Any, Any, Any, Any]]] = {}
        self._restarts: list[tuple[float, float]] = []
        starts = np.array(window.starts, dtype=np.int64)
        lengths = np.array(window.lengths, dtype=np.int64)
        buffer = np.frombuffer(window.data, np.uint8)
        for length in np.unique(lengths).tolist():
            at = starts[lengths == length]
            if len(at) >= FEW and length <= 1024:
                self._alike(at, _matrix(buffer, at, length), length)
            else:
                for one in at.tolist():
                    self._single(one, length)

    def block(self, prefix: str) -> Block:
        """What was found, each tag in the order of the file."""
        columns = {}
        first = {tag: min(float(order.min()) for order, *_ in parts) for tag, parts in self._found.items()}
        for tag in sorted(self._found, key=first.__getitem__):
            parts = self._found[tag]
            order, step, wall, value = (np.concatenate(p) for p in zip(*parts, strict=True))
            keep = np.argsort(order, kind="stable")
            name = prefix + tag.decode("utf-8", "replace")
            columns[name] = Column(
                read_only(value[keep]), read_only(order[keep]), read_only(step[keep]), read_only(wall[keep])
            )
        self._source.skipped.sort()
        # Keras' callback puts the epoch's number in the step of what it calls `epoch_...`, but not of `batch_...`.
        epochs: Counts | None = "epoch" if b"epoch_loss" in self._found and b"batch_loss" not in self._found else None
        return Block(columns, axis=epochs, restarts=tuple(self._restarts))

    def _bad(self, at: int, length: int) -> None:
        """Note a damaged record; one that swallowed the beginning of a whole record gives that back."""
        data, end = self._window.data, at + 16 + length
        inner, stop = at, end
        for _ in range(TRIES):
            found = next_header(data[inner + 1 : end + 11], 0, len(data) - at)
            if found < 0:
                break
            inner += 1 + found
            inside = int.from_bytes(data[inner : inner + 8], "little")
            if inner + 16 + inside <= len(data) and self._take(inner, inside):
                stop = inner
                break
        self._source.skipped.append((self._window.base + at, self._window.base + stop))

    def _single(self, at: int, length: int) -> None:
        """A record by itself."""
        if not self._take(at, length):
            self._bad(at, length)

    def _take(self, at: int, length: int) -> bool:
        """Whether a record is whole, and then its scalars; a larger one without any is passed over unchecked."""
        data = self._window.data[at + 12 : at + 12 + length]
        stored = int.from_bytes(self._window.data[at + 12 + length : at + 16 + length], "little")
        try:
            one = event(data)
        except Malformed:
            return False
        weighty = length <= SMALL or ((one.scalars or one.start) and length <= CHECKED)
        if weighty and masked(crc(data)) != stored:
            return False
        if one.start:
            self._restarts.append((float(self._window.base + at), float(one.step)))
        self._keep(one, np.array([at]), np.frombuffer(data, np.uint8)[None], np.array([float(one.step)]))
        return True

    def _alike(self, at: npt.NDArray[np.int64], rows: Bytes, length: int) -> None:
        """Records of one length (see `_matrix`), each followed by its checksum."""
        rare = 0
        while len(at) and rare < PATIENCE:
            pattern = rows[0, :length].tobytes()
            try:
                one = event(pattern)
            except Malformed:
                one = Event()
            if not one.scalars or one.wall_at < 0 or one.start:
                self._single(int(at[0]), length)
                at, rows = at[1:], rows[1:]
                continue
            varying = _varying(one)
            same = _equal(rows, pattern, varying, one)
            mine, place = (rows, at) if same.all() else (rows[same], at[same])
            stored = np.ascontiguousarray(mine[:, length : length + 4]).view("<u4")[:, 0]
            good = masked_like(pattern, mine, varying) == stored
            if not good.all():
                for bad in place[~good].tolist():
                    self._bad(bad, length)
                mine, place = mine[good], place[good]
            self._keep(one, place, mine, None)
            rare += len(place) * RARE < len(at)
            at, rows = at[~same], rows[~same]
        for one_by_one in at.tolist():
            self._single(one_by_one, length)

    def _keep(self, one: Event, at: npt.NDArray[np.int64], rows: Bytes, step: Any) -> None:
        if not len(at):
            return
        wall = _numbers(rows, one.wall_at, "<f8") if one.wall_at >= 0 else np.zeros(len(at))
        steps = _steps(rows, one.step_at) if step is None else step
        order = (at + self._window.base).astype(np.float64)
        for scalar in one.scalars:
            if scalar.plugin is not None:
                self._plugins.setdefault(scalar.tag, scalar.plugin)
            if not scalar.kind or self._plugins.get(scalar.tag, b"scalars") not in (b"scalars", b""):
                continue
            value = np.full(len(at), scalar.value) if scalar.at < 0 else _numbers(rows, scalar.at, scalar.kind)
            self._found.setdefault(scalar.tag, []).append((order, steps, wall, value))


def _varying(one: Event) -> list[int]:
    """The bytes in which records of the same kind may differ."""
    places = list(range(one.wall_at, one.wall_at + 8)) + list(range(*one.step_at or (0, 0)))
    for scalar in one.scalars:
        if scalar.at >= 0:
            places += range(scalar.at, scalar.at + int(scalar.kind[2]))
    return places


def _matrix(buffer: Bytes, at: npt.NDArray[np.int64], length: int) -> Bytes:
    """The data and checksums of records, shape (n, length + 4 and up to a multiple of 8)."""
    rows = np.zeros((len(at), (length + 11) // 8 * 8), np.uint8)
    rows[:, : length + 4] = np.lib.stride_tricks.sliding_window_view(buffer, length + 4)[at + 12]
    return rows


def _equal(rows: Bytes, pattern: bytes, varying: list[int], one: Event) -> npt.NDArray[np.bool_]:
    """Which rows are the pattern but for the varying bytes, with a step varint of the same length."""
    mask = np.zeros(rows.shape[1], np.uint8)
    mask[: len(pattern)] = 0xFF
    mask[varying] = 0
    # Of a varint's bytes the top bits tell where it ends.
    mask[slice(*one.step_at or (0, 0))] = 0x80
    want = np.zeros(rows.shape[1], np.uint8)
    want[: len(pattern)] = np.frombuffer(pattern, np.uint8)
    words, masks, wants = rows.view("<u8"), mask.view("<u8"), (want & mask).view("<u8")
    same = np.ones(len(rows), dtype=bool)
    for i in np.flatnonzero(masks).tolist():
        same &= (words[:, i] & masks[i]) == wants[i]
    return same


def _numbers(rows: Bytes, at: int, kind: str) -> Any:
    return np.ascontiguousarray(rows[:, at : at + int(kind[2])]).view(kind)[:, 0].astype(np.float64)


def _steps(rows: Bytes, span: tuple[int, int] | None) -> Any:
    step = np.zeros(len(rows), dtype=np.uint64)
    for i, place in enumerate(range(*span or (0, 0))):
        step |= (rows[:, place].astype(np.uint64) & np.uint64(0x7F)) << np.uint64(7 * i)
    return step.view(np.int64).astype(np.float64)
