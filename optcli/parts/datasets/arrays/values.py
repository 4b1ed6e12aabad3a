"""The numbers of an array: read without numpy for facts, and as a numpy array, mapped from the file where it can be."""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets.arrays.header import Header

if TYPE_CHECKING:
    import numpy.typing as npt

CODES: Final = {"f8": "d", "f4": "f", "i8": "q", "i4": "i", "i2": "h", "i1": "b", "u8": "Q", "u4": "I", "u2": "H"}
CODES_OF_BYTES: Final = {"u1": "B", "b1": "B"}
CHUNK: Final = 1 << 20
"""Numbers read at once."""


def chunks(header: Header) -> Iterator[Any]:
    """All numbers in the file's order, as sequences of up to CHUNK of them.

    Raises:
        OSError: the file can't be read.
        ValueError: it ends too early.
    """
    width, left = int(header.kind[2:]), header.nbytes
    with ExitStack() as stack:
        stack.enter_context(_undamaged(header))
        if header.zipped:
            archive = stack.enter_context(zipfile.ZipFile(header.path))
            file: Any = stack.enter_context(archive.open(f"{header.name}.npy"))
            file.read(header.offset)
        else:
            file = stack.enter_context(open(header.path, "rb"))
            file.seek(header.offset)
        while left:
            raw = file.read(min(CHUNK * width, left))
            if not raw or len(raw) % width:
                raise ValueError(f"{header.where}: cut short, {left:,} bytes are missing")
            left -= len(raw)
            yield _numbers(raw, header.kind)


def _numbers(raw: bytes, kind: str) -> Any:
    if kind[1:] == "f2":
        return struct.unpack(f"{'>' if kind[0] == '>' else '<'}{len(raw) // 2}e", raw)
    numbers = array({**CODES, **CODES_OF_BYTES}[kind[1:]], raw)
    if kind[0] == (">" if sys.byteorder == "little" else "<"):
        numbers.byteswap()
    return numbers


@contextmanager
def _undamaged(header: Header) -> Iterator[None]:
    """An archive's faults are told as the user's, not as the program's."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{header.where}: damaged ({error}); write it anew with numpy.savez") from error


def mapped(header: Header) -> npt.NDArray[Any]:
    """The array; of an NPY or safetensors file, pages are read when they are needed, and can be dropped again."""
    import numpy as np

    if header.zipped:
        with _undamaged(header), np.load(header.path) as file:
            read: npt.NDArray[Any] = file[header.name]
            return read
    order = "F" if header.columns_first else "C"
    return np.memmap(header.path, header.kind, "r", header.offset, header.shape, order)  # type: ignore[call-overload, no-any-return]
