"""MLflow's file store: `mlruns/<experiment>/<run>/metrics/<name>`, one line `timestamp_ms value step` a point."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from optcli.run import notes as say
from optcli.run.block import Block, Unreadable, series
from optcli.run.curve import End, Note
from optcli.run.delimited import rows
from optcli.run.numbers import number
from optcli.run.params import NAMES, known
from optcli.run.source import Source

_LINE: Final = re.compile(rb"^\d{12,14} [^ \n]{1,40}(?: -?\d{1,18})?\r?$", re.M)
OWNS: Final = True
STATUS: Final[dict[str, End]] = {
    "3": "finished",
    "FINISHED": "finished",
    "1": "running",
    "RUNNING": "running",
    "4": "stopped",
    "FAILED": "stopped",
    "5": "stopped",
    "KILLED": "stopped",
}


def sniff(head: bytes, name: str) -> float:
    """Lines of a time in milliseconds, a value and a step."""
    first = head[:200].split(b"\n", 1)[0]
    return 0.97 if _LINE.match(first + b"\n") else 0.0


def home(path: str) -> str:
    """The run's folder: the one that holds `metrics/`."""
    run, found, _ = path.rpartition(f"{os.sep}metrics{os.sep}")
    return run if found else path


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One metric; the run's parameters and status come with it."""
    name = source.name.removeprefix(f"metrics{os.sep}").replace(os.sep, "/")
    points: list[tuple[float, float, float]] = []
    notes: list[Note] = []
    for start, data in source.lines(offset):
        for first, last, line in rows(data, start, source):
            found = _point(line.decode("ascii", "replace").split())
            if not line.endswith(b"\n"):
                notes.append(say.note(say.UNFINISHED, f"{source.name}: the last line, from byte {first}"))
            elif found is not None:
                points.append(found)
            elif line.strip():
                source.skipped.append((first, last))
    run = home(source.path)
    config, end = _about(run) if run != source.path else ({}, None)
    times, values, steps = np.array(points).reshape(-1, 3).T
    column = series(values, steps, times * 1e-3)
    yield Block({name: column}, format="mlflow", config=config, end=end, notes=tuple(notes))


def _point(words: list[str]) -> tuple[float, float, float] | None:
    if len(words) not in (2, 3):
        return None
    numbers = [number(w) for w in words]
    time, value, step = numbers[0], numbers[1], numbers[2] if len(words) == 3 else 0.0
    return None if time is None or value is None or step is None else (time, value, step)


def _about(run: str) -> tuple[dict[str, Any], End | None]:
    names = (name for some in NAMES.values() for name in some)
    config = known({name: _small(os.path.join(run, "params", name)) for name in names})
    status = re.search(r"^status: *(\w+)", _small(os.path.join(run, "meta.yaml")), re.M)
    return config, STATUS.get(status[1]) if status else None


def _small(path: str) -> str:
    try:
        return Source(path).read(1 << 14).decode("utf-8", "replace").strip()
    except (Unreadable, OSError):
        return ""
