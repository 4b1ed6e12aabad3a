"""CatBoost's folder `catboost_info/`: `learn_error.tsv` and `test_error.tsv`, one row a tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from optcli.run.block import Block, Column
from optcli.run.curve import Floats
from optcli.run.source import Source

OWNS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A table that begins with `iter`, under one of the two names."""
    known = name.rpartition("/")[2] in ("learn_error.tsv", "test_error.tsv")
    return 0.955 if known and head.startswith(b"iter\t") else 0.0


def home(path: str) -> str:
    """The folder; its event files and its JSON document say the same once more."""
    return os.path.dirname(path) or "."


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """Each metric under `learn/` or `test/`, with its own axis."""
    from optcli.run.readers import csv

    part = source.name.rpartition("/")[2].partition("_")[0]
    for block in csv.blocks(source, offset):
        steps = _of_rows(block.columns["iter"], block.rows) if "iter" in block.columns else None
        columns = {
            f"{part}/{name}": replace(
                column, row=None, step=steps if column.row is None else steps[column.row.astype(int)]
            )
            for name, column in block.columns.items()
            if name != "iter" and steps is not None
        }
        yield replace(block, columns=columns, rows=0, format="catboost")


def _of_rows(column: Column, rows: int) -> Floats:
    """What a column says in each row; NaN where it says nothing."""
    told = np.full(rows, np.nan)
    told[slice(None) if column.row is None else column.row.astype(int)] = column.value
    return told
