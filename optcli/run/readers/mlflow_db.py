"""MLflow's SQLite store, `mlflow.db`: the table `metrics`, many runs in one file. Opened read-only."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final
from urllib.parse import quote

from optcli.run.block import Block, Unreadable, series
from optcli.run.params import known
from optcli.run.readers import trackio
from optcli.run.readers.mlflow import STATUS
from optcli.run.source import Source

QUERY: Final = """select run_uuid, key, value, timestamp, step, is_nan from metrics
                  order by run_uuid, key, timestamp, step"""


def sniff(head: bytes, name: str) -> float:
    """An SQLite file whose schema, on the first pages, speaks of runs and metrics."""
    if not head.startswith(b"SQLite format 3\0"):
        return 0.0
    # The schema of a large database may lie further behind: the tables are looked at when it is read.
    return 0.96 if b"metrics" in head and b"run_uuid" in head else 0.45


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block for every metric of every run.

    Raises:
        Unreadable: it is another database, or damaged, or standard input.
    """
    have = {name for _, name, *_ in query(source, "pragma table_info(metrics)", "MLflow")}
    if {"run_name", "metrics"} <= have:
        yield from trackio.blocks(source)
        return
    yield from _blocks(query(source, QUERY, "MLflow"))
    yield from _about(source)


def _about(source: Source) -> Iterator[Block]:
    """Settings and ends of the runs, where those tables are whole."""
    params: dict[str, dict[str, Any]] = {}
    try:
        for run, key, value in query(source, "select run_uuid, key, value from params", "MLflow"):
            params.setdefault(str(run), {})[str(key)] = value
        for run, status in query(source, "select run_uuid, status from runs", "MLflow"):
            end = STATUS.get(str(status))
            yield Block({}, run=str(run), format="mlflow", config=known(params.get(str(run), {})), end=end)
    except Unreadable:
        return


def query(source: Source, text: str, writer: str) -> Iterator[Any]:
    """The rows that a database answers with.

    Raises:
        Unreadable: it is another database than the writer's, or damaged, or not a plain file.
    """
    import sqlite3

    if source.streamed:
        raise Unreadable(source.path, "a database can't be read from a stream or a packed file")
    page, pages = struct.unpack(">H10xI", source.head()[16:32].ljust(16, b"\0"))
    if (page if page != 1 else 1 << 16) * pages > (source.size or 0):
        raise Unreadable(source.path, "the database is cut off")
    uri = f"file:{quote(source.path)}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield from connection.execute(text)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise Unreadable(source.path, f"not a whole {writer} database ({error})") from None


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
