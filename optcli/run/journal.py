"""The run's own log, `journal.jsonl`: one strict JSON object a line, appended once a window, cut exactly on resume.

    {"event": "start", "version": 1, "planned": 500}
    {"step": 1, "epoch": 0, "train/loss": 2.31, "lr": 0.001, "clock": {"t": 0.0, "step_us": 0, "mib": 0}}
    {"event": "checkpoint", "step": 100}

A writer announces a checkpoint *before* it saves it, so that whatever instant a kill falls on, the journal holds every
line up to the newest checkpoint; `cut` then takes away what came after it. A failing write warns once and never stops
the training.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from optcli.run import files, strict_json

VERSION = 1
_NUMBERS = frozenset({int, float})


class Journal:
    """The one writer of a journal. An existing file is continued; a line that a kill tore is taken off first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = files.Appender(path)
        _mend(path)

    def start(self, planned: int | None, **fields: Any) -> None:
        """The first line: the number of optimizer steps that are planned, or None where nobody knows."""
        self.event("start", version=VERSION, planned=planned, **fields)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append one line per row and hand them to the operating system: a kill can't take them any more."""
        lines = [self._lines(keys, list(group)) for keys, group in groupby(rows, key=tuple)]
        self._file.write("".join(lines).encode())

    def event(self, event: str, **fields: Any) -> None:
        """Append `{"event": ..., **fields}`; a `checkpoint` (announced before it is saved) survives a power loss."""
        line = strict_json.dumps({"event": event, **fields}) + "\n"
        self._file.write(line.encode(), durable=event in ("checkpoint", "end"))

    def cut(self, step: int, *, announced: bool = True) -> int:
        """Take away what was written after the checkpoint of `step` was announced; returns the lines given up.

        Lines that aren't JSON (a torn or overwritten one) go too. The new content replaces the old in one piece. Where
        no such checkpoint was announced (a signal's is not, whatever the journal says of the step), only what training
        itself wrote up to that step stays: no evaluation, announcement or roll-back that came of going on from there.
        `cut(0)` leaves the start alone.

        Raises:
            OSError: the journal can't be read or written anew.
        """
        self._file.close()
        self._file = files.Appender(self.path)  # forgets lines that couldn't be written yet
        if not self.path.exists():
            return 0
        lines = self.path.read_bytes().split(b"\n")
        parsed = [(line, record) for line in lines if (record := _parse(line)) is not None]
        keep = parsed[: _end(parsed, step, announced)]
        files.replace(self.path, b"".join(line + b"\n" for line, _ in keep))
        return sum(map(bool, lines)) - len(keep)

    def close(self) -> None:
        """Write what still waits and close the file."""
        self._file.close()

    def _lines(self, keys: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> str:
        """Rows with the same keys as text; Python formats the numbers of all of them in one go."""
        clock = rows[0].get("clock")
        inner = (*clock,) if clock.__class__ is dict and keys[-1] == "clock" else ()
        values: list[Any] = []
        for row in rows:
            values += row.values()
            if inner:
                last = values.pop()
                values += last.values() if last.__class__ is dict and (*last,) == inner else (None,)
        # The sum is finite only if every number is; one that overflows merely takes the slow road as well.
        if {*map(type, values)} <= _NUMBERS and (total := sum(values)) - total == 0:
            return _template(keys, inner) * len(rows) % (*values,)
        return "".join([strict_json.dumps(row) + "\n" for row in rows])


@cache
def _template(keys: tuple[str, ...], inner: tuple[str, ...]) -> str:
    """The line of a row with these keys, with `%r` in the places of its numbers."""
    outer = len(keys) - bool(inner)
    places = [f"{strict_json.dumps(key).replace('%', '%%')}: %r" for key in (*keys[:outer], *inner)]
    if inner:
        places[outer:] = [f'"clock": {{{", ".join(places[outer:])}}}']
    return f"{{{', '.join(places)}}}\n"


def _parse(line: bytes) -> dict[str, Any] | None:
    """The line's record, or None where it isn't one."""
    try:
        record = strict_json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _end(parsed: Sequence[tuple[bytes, dict[str, Any]]], step: int, announced: bool) -> int:
    """How many records stay when the run goes on from `step`."""
    for i in range(len(parsed) - 1, -1, -1) if announced else ():
        record = parsed[i][1]
        if record.get("event") == "checkpoint" and record.get("step") == step:
            return i + 1
    later = (i for i, (_, record) in enumerate(parsed) if _after(record, step, announced))
    return next(later, len(parsed))


def _after(record: dict[str, Any], step: int, announced: bool) -> bool:
    """Whether a record is of a later step, the end, or what came of going on from a checkpoint of a signal's."""
    at, event = record.get("step"), record.get("event")
    came = event in ("checkpoint", "rollback") if event else "train/loss" not in record
    return event == "end" or (isinstance(at, int) and (at > step or (at == step and came and not announced)))


def _mend(path: Path) -> None:
    """Take a torn last line off, so that the next one doesn't grow onto it."""
    try:
        with open(path, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            while size and _byte(file, size - 1) != b"\n":
                size = _last_newline(file, size)
            file.truncate(size)
    except FileNotFoundError:
        return


def _byte(file: Any, at: int) -> bytes:
    file.seek(at)
    return bytes(file.read(1))


def _last_newline(file: Any, size: int) -> int:
    """The end of the last whole line within the file's first `size` bytes, looked for block by block from behind."""
    while size:
        begin = max(0, size - (1 << 16))
        file.seek(begin)
        found = file.read(size - begin).rfind(b"\n")
        if found >= 0:
            return int(begin + found + 1)
        size = begin
    return 0
