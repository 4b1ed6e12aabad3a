"""Trackio's SQLite store, `<project>.db`: the table `metrics`, one JSON object a row. Opened read-only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from optcli.run.block import Block, table
from optcli.run.jsonrows import parse
from optcli.run.rows import flat
from optcli.run.source import Source

QUERY: Final = "select run_name, step, metrics from metrics order by run_name, id"


def sniff(head: bytes, name: str) -> float:
    """An SQLite file whose schema, on the first pages, speaks of runs by name."""
    known = head.startswith(b"SQLite format 3\0") and b"run_name" in head and b"metrics" in head
    return 0.965 if known else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block a run.

    Raises:
        Unreadable: it is another database, or damaged, or standard input.
    """
    from optcli.run.readers.mlflow_db import query

    rows: dict[str, list[dict[str, float]]] = {}
    for run, step, text in query(source, QUERY, "Trackio"):
        try:
            found: Any = parse(text if isinstance(text, bytes) else str(text).encode())
        except ValueError:
            continue
        if isinstance(found, dict) and isinstance(step, (int, float)):
            rows.setdefault(str(run), []).append({**flat(found), "step": float(step)})
    for run, found_rows in rows.items():
        yield table(found_rows, run=run if len(rows) > 1 else "", format="trackio")
