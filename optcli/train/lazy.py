"""Inputs that are read when a batch needs them, and one batch ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from torch import Tensor

from optcli.exits import Exit, Failure

Item = TypeVar("Item")
Made = TypeVar("Made")


class Lazy:
    """What `Batches` and `Evaluator` ask of a tensor of inputs, for a data set's object with `rows(numbers)`."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.dtype, self.nbytes, self.shape = torch.uint8, source.nbytes, source.shape

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, part: slice) -> Lazy:
        return Lazy(self._source[part])

    def numel(self) -> int:
        """Numbers of all samples."""
        return int(self.nbytes)

    def index_select(self, axis: int, rows: Tensor) -> Tensor:
        """Some samples, read now.

        Raises:
            Failure: one of them can't be read.
        """
        try:
            return torch.from_numpy(self._source.rows(rows.tolist()))
        except (OSError, ValueError) as error:
            message, _, help = str(error).partition("; ")
            raise Failure(Exit.IO_ERROR, message, help) from error

    def read(self) -> Tensor:
        """All samples."""
        return self.index_select(0, torch.arange(len(self)))


def ahead(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """`map(make, items)`, with the next one made in a thread meanwhile; in order."""
    with ThreadPoolExecutor(1, "optcli-read") as pool:
        waiting: Future[Made] | None = None
        try:
            for item in items:
                coming = pool.submit(make, item)
                if waiting is not None:
                    yield waiting.result()
                waiting = coming
            if waiting is not None:
                yield waiting.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
