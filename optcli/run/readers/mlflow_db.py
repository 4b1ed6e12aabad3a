"""MLflow's SQLite store, `mlflow.db`: the table `metrics`, many runs in one file. Opened read-only."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from optcli.run.block import Block, Unreadable, series
from optcli.run.source import Source

QUERY: Final = """select run_uuid, key, value, timestamp, step, is_nan from metrics
                  order by run_uuid, key, timestamp, step"""


def sniff(head: bytes, name: str) -> float:
    """An SQLite file whose schema, on the first pages, speaks of runs and metrics."""
    if not head.startswith(b"SQLite format 3\0"):
        return 0.0
    return 0.96 if b"metrics" in head and b"run_uuid" in head else 0.3


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block for every metric of every run.

    Raises:
        Unreadable: it is another database, or damaged, or standard input.
    """
    import sqlite3

    if source.path == "-":
        raise Unreadable("-", "a database can't be read from standard input")
    page, pages = struct.unpack(">H10xI", source.head()[16:32].ljust(16, b"\0"))
    if (page if page != 1 else 1 << 16) * pages > (source.size or 0):
        raise Unreadable(source.path, "the database is cut off")
    uri = f"file:{quote(source.path)}?mode=ro&immutable=1"
    try:
        with sqlite3.connect(uri, uri=True) as connection:
            rows = connection.execute(QUERY)
            yield from _blocks(rows)
    except sqlite3.Error as error:
        raise Unreadable(source.path, f"not a whole MLflow database ({error})") from None
    finally:
        if "connection" in locals():
            connection.close()


def _blocks(rows: Any) -> Iterator[Block]:
    key, points = None, []
    for run, name, value, time, step, is_nan in rows:
        if (run, name) != key and key is not None:
            yield _block(key, points)
            points = []
        key = (run, name)
        number = float("nan") if is_nan else value
        if all(isinstance(x, (int, float)) for x in (number, time, step)):
            points.append((number, step, time * 1e-3))
    if key is not None:
        yield _block(key, points)


def _block(key: tuple[str, str], points: list[tuple[float, float, float]]) -> Block:
    value, step, time = zip(*points, strict=True) if points else ((), (), ())
    return Block({str(key[1]): series(value, step, time)}, run=str(key[0]), format="mlflow")
