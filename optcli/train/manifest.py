"""What makes a directory of files a checkpoint: `manifest.json`, written last, with the SHA-256 of every other file.

The manifest is written in one canonical form and carries its own hash, so that a damage to it shows as well. As it
lies inside the directory, it survives `cp -r`, `rsync` and `mv`.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from optcli.run import strict_json
from optcli.run.files import NEW

NAME: Final = "manifest.json"
FILES: Final = ("model.safetensors", "state.safetensors", "state.json")
_BIGGEST: Final = 1 << 20
"""Bytes; a manifest has a few hundred."""


class Damaged(Exception):
    """A checkpoint that can't be trusted; the text says why."""


@dataclass(frozen=True)
class Manifest:
    """What is known of a checkpoint without reading its tensors.

    `serial` counts the saves of a run: the newest checkpoint has the highest, whatever the clock says and even if the
    training was rolled back to an earlier step. `files` maps names to `{"bytes": ..., "sha256": ...}`.
    """

    step: int
    serial: int
    metric: float | None = None
    best: bool = False
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 1

    def text(self) -> bytes:
        """The one form in which this manifest is written."""
        body = asdict(self)
        body["seal"] = hashlib.sha256(strict_json.dumps(body).encode()).hexdigest()
        return (strict_json.dumps(body) + "\n").encode()


class Writer:
    """Writes the files of one checkpoint into an empty directory; `seal` makes them durable and writes the manifest."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: dict[str, dict[str, Any]] = {}
        self._open: list[int] = []

    def write(self, name: str, produce: Callable[[Callable[[Any], object]], object]) -> None:
        """Create the file; `produce` gets a function that takes its bytes piece by piece."""
        digest, size = hashlib.sha256(), 0
        handle = os.open(self.directory / name, NEW, 0o666)
        self._open.append(handle)
        with open(handle, "wb", closefd=False) as file:

            def sink(piece: Any) -> None:
                nonlocal size
                file.write(piece)
                digest.update(piece)
                size += len(piece)

            produce(sink)
        self.files[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def seal(self, manifest: Manifest) -> None:
        """Write the manifest and wait for all files: syncing them last and together lets one flush serve them all."""
        text = manifest.text()
        self.write(NAME, lambda sink: sink(text))
        for handle in self._open:
            os.fsync(handle)

    def close(self) -> None:
        """Close the files, sealed or not."""
        while self._open:
            os.close(self._open.pop())


def read(directory: Path) -> Manifest:
    """The manifest of a checkpoint directory; its files aren't looked at.

    Raises:
        Damaged: there is none, or it isn't exactly as it was written.
    """
    raw = content(directory / NAME, limit=_BIGGEST)
    try:
        body = json.loads(raw)
        body.pop("seal")
        manifest = Manifest(**body)
        intact = manifest.text() == raw and set(manifest.files) <= set(FILES)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        intact = False
    if not intact:
        raise Damaged(f"{NAME} is damaged")
    return manifest


def verified(directory: Path, manifest: Manifest, name: str) -> bytes:
    """The content of one of the checkpoint's files, once its hash has been found right.

    Raises:
        Damaged: it is missing, or not what was written.
    """
    entry = manifest.files[name]
    data = content(directory / name, limit=entry["bytes"])
    if len(data) != entry["bytes"]:
        raise Damaged(f"{name} has {len(data)} bytes instead of {entry['bytes']}")
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise Damaged(f"{name} is not what was written (SHA-256 differs)")
    return data


def check(directory: Path, manifest: Manifest) -> None:
    """Read every file back and compare its hash, without keeping it in memory.

    Raises:
        Damaged: a file is missing, or not what was written.
    """
    for name, entry in manifest.files.items():
        try:
            with open(directory / name, "rb") as file:
                good = hashlib.file_digest(file, "sha256").hexdigest() == entry["sha256"]
        except OSError as error:
            raise Damaged(f"{name} can't be read: {error.strerror}") from error
        if not good:
            raise Damaged(f"{name} is not what was written (SHA-256 differs)")


def content(path: Path, limit: int) -> bytes:
    """The bytes of a plain file (no symbolic link, pipe or device), at most `limit` and one more.

    Raises:
        Damaged: it can't be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Damaged(f"{path.name} is no file")
            return file.read(limit + 1)
    except FileNotFoundError:
        raise Damaged(f"{path.name} is missing") from None
    except OSError as error:
        raise Damaged(f"{path.name} can't be read: {(error.strerror or str(error)).lower()}") from error
