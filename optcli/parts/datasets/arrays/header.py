"""What an array file says of itself in its first bytes, read without numpy.

Formats: NPY and NPZ, numpy's Enhancement Proposal 1 and `numpy.lib.format`; safetensors, an eight-byte length, a JSON
header, then the numbers (github.com/huggingface/safetensors).
"""

from __future__ import annotations

import ast
import json
import math
import os
import struct
import zipfile
from dataclasses import dataclass
from typing import IO, Any, Final

SAFETENSORS: Final = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
LONGEST: Final = 10_000_000
"""Bytes of a header; more is damage."""
ENDINGS: Final = (".npy", ".npz", ".safetensors")


@dataclass(frozen=True, slots=True)
class Header:
    """One array in a file."""

    path: str
    name: str
    """In an archive; empty in an NPY file, which holds one array."""
    kind: str
    """As numpy writes it: byte order, f(loat), i(nteger), u(nsigned) or b(ool), and bytes of a number: `<f4`."""
    shape: tuple[int, ...]
    columns_first: bool
    """Fortran order: the first axis runs fastest."""
    offset: int
    """Where the numbers begin, from the start of the file; in a zip archive from the start of the member."""

    @property
    def where(self) -> str:
        """For messages: the file, and the array's name if it has one."""
        return f"{self.path}: `{self.name}`" if self.name else self.path

    @property
    def zipped(self) -> bool:
        """Whether the array can't be mapped, as it is in an archive."""
        return self.path.endswith(".npz")

    @property
    def nbytes(self) -> int:
        """Of all its numbers."""
        return math.prod(self.shape) * int(self.kind[2:])


def headers(path: str) -> dict[str, Header]:
    """The arrays of a file by name, in the file's order.

    Raises:
        OSError: the file can't be read.
        ValueError: it is none of the formats, damaged, or an array holds something else than numbers.
    """
    if not path.endswith(ENDINGS):
        raise ValueError(f"{path}: not an array file; its name must end in {', '.join(ENDINGS)}")
    if path.endswith(".npz"):
        return _npz(path)
    with open(path, "rb") as file:
        found = {"": _npy(path, "", file)} if path.endswith(".npy") else _safetensors(path, file)
        size = os.fstat(file.fileno()).st_size
    for one in found.values():
        if one.offset + one.nbytes > size:
            raise ValueError(
                f"{one.where}: cut short, {size:,} of at least {one.offset + one.nbytes:,} bytes are there"
            )
    return found


def _npz(path: str) -> dict[str, Header]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".npy")]
            found = {}
            for member in members:
                with archive.open(member) as file:
                    found[member.removesuffix(".npy")] = _npy(path, member.removesuffix(".npy"), file)
            return found
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path}: not an npz archive, or cut short; write it anew with numpy.savez") from error


def _npy(path: str, name: str, file: IO[bytes]) -> Header:
    """The header at the file's start.

    Raises:
        ValueError: there is none, or the array doesn't hold numbers.
    """
    where = f"{path}: `{name}`" if name else path
    start = file.read(8)
    try:
        wide = "<H" if start[6] == 1 else "<I"
        (length,) = struct.unpack(wide, file.read(struct.calcsize(wide)))
        if start[:6] != b"\x93NUMPY" or length > LONGEST:
            raise ValueError("not the magic number")
        said: dict[str, Any] = ast.literal_eval(file.read(length).decode("latin-1"))
        kind, shape, fortran = said["descr"], tuple(map(int, said["shape"])), bool(said["fortran_order"])
    except (IndexError, KeyError, SyntaxError, TypeError, ValueError, struct.error) as error:
        raise ValueError(f"{where}: no header of an npy file; write it anew with numpy.save") from error
    offset = 8 + struct.calcsize(wide) + length
    return _numeric(Header(path, name, kind, shape, fortran, offset), where)


def _safetensors(path: str, file: IO[bytes]) -> dict[str, Header]:
    try:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > LONGEST:
            raise ValueError("too long")
        said = json.loads(file.read(length))
        said.pop("__metadata__", None)
        return {name: _tensor(path, name, one, 8 + length) for name, one in said.items()}
    except (KeyError, AttributeError, TypeError, json.JSONDecodeError, UnicodeDecodeError, struct.error) as error:
        raise ValueError(f"{path}: no header of a safetensors file; it may be cut short") from error


def _tensor(path: str, name: str, said: dict[str, Any], start: int) -> Header:
    kind = SAFETENSORS.get(said["dtype"], said["dtype"])
    shape, begin = tuple(map(int, said["shape"])), int(said["data_offsets"][0])
    return _numeric(Header(path, name, kind, shape, False, start + begin), f"{path}: `{name}`")


def _numeric(header: Header, where: str) -> Header:
    """The header, if it is one of numbers."""
    kind = header.kind
    if not isinstance(kind, str) or kind[1:] not in {k[1:] for k in SAFETENSORS.values()}:
        what = "Python objects" if kind == "|O" else "text" if str(kind)[1:2] in "US" else str(kind)
        raise ValueError(f"{where} holds {what}; save it as numbers, such as float32 or int64")
    return header
