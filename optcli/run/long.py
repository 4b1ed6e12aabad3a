"""Tables in long form: one row a value, `step, metric, value`, often with the run's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Final

from optcli.run import notes as say
from optcli.run.block import Block, Column
from optcli.run.curve import Counts, read_only
from optcli.run.delimited import Table, aside, cells, rows
from optcli.run.numbers import number
from optcli.run.roles import EPOCH_NAMES, STEP_NAMES
from optcli.run.rows import split_of
from optcli.run.source import Source

KEYS: Final = frozenset(("metric", "name", "tag", "key", "variable", "series", "metric_name", "metrickey"))
"""Columns that hold the name of the quantity."""
RUNS: Final = ("run", "run_id", "run_uuid", "run_name", "experiment")

Points = dict[tuple[str, str], list[tuple[float, float, float]]]


def blocks(source: Source, head: Table) -> Iterator[Block]:
    """One block a run for every few megabytes; each quantity has its own axis."""
    have = {name.lower(): i for i, name in enumerate(head.names)}
    axis = next(n for n in (*STEP_NAMES, *EPOCH_NAMES) if n in have)
    run = next((have[n] for n in RUNS if n in have), None)
    columns = have[axis], have["value"], next(have[n] for n in sorted(KEYS) if n in have)
    row, last = 0, ""
    for start, data in source.lines(head.begin):
        found: Points = {}
        for first, end, line in rows(head.plain(data), start, source):
            if not line.endswith((b"\n", b"\r")):
                yield Block({}, run=last, notes=(say.note(say.UNFINISHED, f"the last line, from byte {first}"),))
                continue
            if aside(line):
                continue
            words = cells(line.decode("utf-8", "replace"), head.delimiter.decode())
            good = len(words) == len(head.names) and _point(words, columns)
            if good:
                split = split_of(dict(zip(map(str.lower, head.names), words, strict=True)))
                name = words[columns[2]] if split is None else f"{split}/{words[columns[2]]}"
                last = words[run] if run is not None else ""
                found.setdefault((last, name), []).append((float(row), *good))
            elif line != head.line:
                source.skipped.append((first, end))
            row += 1
        yield from _blocks(found, "epoch" if axis in EPOCH_NAMES else None)


def _point(words: list[str], columns: tuple[int, int, int]) -> tuple[float, float] | None:
    step, value = number(words[columns[0]]), number(words[columns[1]])
    return None if step is None or value is None or not isfinite(step) else (step, value)


def _blocks(found: Mapping[tuple[str, str], list[tuple[float, float, float]]], axis: Counts | None) -> Iterator[Block]:
    for (run, name), points in found.items():
        row, step, value = map(read_only, zip(*points, strict=True))
        yield Block({name: Column(value, row, step)}, run=run, format="long-csv", axis=axis)
