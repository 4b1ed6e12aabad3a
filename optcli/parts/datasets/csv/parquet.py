"""Rows of a Parquet file as texts, so that they are understood like those of any other table."""

from __future__ import annotations

from collections.abc import Container, Iterator
from importlib import import_module
from typing import Any, Final

ENDINGS: Final = (".parquet", ".pq")
BATCH: Final = 65_536
"""Rows read at once."""


def names(path: str) -> list[str]:
    """The columns' names.

    Raises:
        OSError: the file can't be read.
        ValueError: it is no Parquet file, or pyarrow is missing.
    """
    with _opened(path) as file:
        found: list[str] = file.schema_arrow.names
        return found


def rows(path: str, columns: list[str], drop: Container[str] = ()) -> Iterator[list[str]]:
    """The cells of each row; a missing one is empty, and so are those of the columns `drop`, which are not read.

    Raises:
        OSError, ValueError: as `names`; or a column holds lists or the like.
    """
    kept = [name for name in columns if name not in drop]
    with _opened(path) as file:
        done = 0
        for batch in file.iter_batches(BATCH, columns=kept):
            read = [batch[name].to_pylist() if name in kept else [""] * len(batch) for name in columns]
            for cells in zip(*read, strict=True):
                done += 1
                yield [_text(cell, f"{path}:{done}: column `{columns[at]}`") for at, cell in enumerate(cells)]


def _opened(path: str) -> Any:
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise ValueError(f'{path}: Parquet files need pyarrow; pip install "optcli[parquet]"') from error
    try:
        return parquet.ParquetFile(path)
    except arrow.ArrowInvalid as error:
        raise ValueError(f"{path}: not a Parquet file, or damaged; write it anew") from error


def _text(cell: Any, where: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (list, dict, bytes)):
        raise ValueError(
            f"{where} holds {type(cell).__name__}s; leave it out with `drop`, or give each number a column of its own"
        )
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell).strip()
