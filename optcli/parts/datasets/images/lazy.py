"""Pictures that stay in their files until a batch needs them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from os import stat
from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets.images.pictures import decoded, reason, told

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PIECE: Final = 1 << 20
"""Bytes of a file that are hashed at once."""


class Pictures:
    """Looks like an array (N, channels, height, width) of bytes. `rows` reads some of them, a slice is `Pictures` too.

    Which threads read which file has no influence on what comes out.
    """

    def __init__(self, paths: Sequence[str], size: tuple[int, int, int], pool: ThreadPoolExecutor) -> None:
        self.paths, self._size, self._pool = paths, size, pool
        self.shape, self.nbytes = (len(paths), *size), len(paths) * math.prod(size)

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Bytes."""
        import numpy as np

        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, part: slice) -> Pictures:
        return Pictures(self.paths[part], self._size, self._pool)

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        return (row for number in range(len(self)) for row in self.rows([number]))

    def rows(self, numbers: Sequence[int]) -> npt.NDArray[np.uint8]:
        """The pictures with these numbers.

        Raises:
            ValueError: one can't be read; it is named.
        """
        import numpy as np

        x = np.empty((len(numbers), *self._size), np.uint8)
        paths = [self.paths[number] for number in numbers]
        for at, picture in enumerate(self._pool.map(self._read, paths)):
            x[at] = picture
        return x

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """All of them."""
        every = self.rows(range(len(self)))
        return every if dtype is None else every.astype(dtype)

    def _read(self, path: str) -> npt.NDArray[Any]:
        try:
            return decoded(path, self._size)
        except Exception as error:  # Pillow's decoders raise of all kinds on damaged files
            raise ValueError(told([f"{path} ({reason(error)})"])) from error


def copies(train: Sequence[str], val: Sequence[str]) -> tuple[str, ...]:
    """A note on validation files that are training files too, byte for byte. Only files of equal size are read."""
    sizes: dict[int, list[str]] = {}
    for path in train:
        sizes.setdefault(stat(path).st_size, []).append(path)
    known: dict[int, dict[bytes, str]] = {}
    pairs = []
    for path in val:
        size = stat(path).st_size
        if size in sizes and size not in known:
            known[size] = {_digest(one): one for one in sizes[size]}
        twin = known[size].get(_digest(path)) if size in known else None
        pairs += [(path, twin)] if twin else []
    if not pairs:
        return ()
    example = f"{pairs[0][0]} is {pairs[0][1]}"
    return (f"{len(pairs):,} of {len(val):,} validation inputs are training inputs too ({example})",)


def _digest(path: str) -> bytes:
    digest = blake2b(digest_size=16)
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.digest()
