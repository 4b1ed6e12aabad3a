"""DVCLive: one file a metric, `dvclive/plots/metrics/<name>.tsv` (older: `dvclive/scalars/`)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from optcli.run.block import Block, Column
from optcli.run.collect import Log
from optcli.run.curve import read_only
from optcli.run.source import Source

_HEADER: Final = re.compile(rb"^(?:timestamp\t)?step\t([^\t\r\n]+)\r?\n(?=[^\0]{0,400}?\d)")
_ROOT: Final = re.compile(r"^(.*?)[/\\](?:plots[/\\]metrics|scalars)[/\\]")


def sniff(head: bytes, name: str) -> float:
    """A table of step and one value, separated by a tab."""
    return 0.91 if _HEADER.match(head) else 0.0


def home(path: str) -> str:
    """DVCLive's folder."""
    found = _ROOT.match(path)
    return found[1] if found else path


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One curve, with its own axis, under the name that its path gives."""
    from optcli.run.readers import csv

    log = Log("dvclive-tsv")
    for block in csv.blocks(source, offset):
        log.add(replace(block, columns=dict(block.columns)), source.name)
    path = re.sub(r"^(?:plots/metrics|scalars)/", "", source.name.replace(os.sep, "/")).removesuffix(".tsv")
    columns = {}
    for name, points in log.columns().items():
        if name not in ("step", "timestamp"):
            full = path if path.rpartition("/")[2] == name else name
            time = None if points.time is None else read_only(points.time)
            row = np.arange(len(points.value))
            columns[full] = Column(read_only(points.value), read_only(row), read_only(points.step), time)
    yield Block(columns, format="dvclive-tsv", notes=tuple(log.notes))
