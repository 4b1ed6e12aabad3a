"""A run's directory: `runs/<recipe name>/<UTC time>-<id>/` with a `latest` link beside, or what `--run-dir` names.

It is made, locked and found writable before anything else happens, so that no training ends without a place to save.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from optcli.exits import Exit, Failure
from optcli.run import files, strict_json
from optcli.train.lock import Lock, Locked

_RUN_FILES: Final = ("recipe.yaml", "journal.jsonl", "checkpoints")
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


class CannotCreate(Failure):
    """The run directory can't be made or written, or it holds a run already."""

    def __init__(self, path: Path | str, reason: str, help: str = "choose another --run-dir") -> None:
        super().__init__(Exit.CANNOT_CREATE, f"{path}: {reason}", help)


class RunDir:
    """A run directory that this process alone writes to, until `close`. Made by `create` or `open`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _locked(path)
        for leftover in path.glob(".*.tmp"):
            with suppress(OSError):
                leftover.unlink()

    @classmethod
    def create(cls, base: Path, name: str) -> RunDir:
        """A new directory `<base>/<name>/<UTC time>-<id>/`; `latest` beside it leads there from now on.

        Raises:
            CannotCreate: it can't be made or written.
        """
        parent = base / safe_name(name)
        for _ in range(100):
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            path = parent / f"{stamp}-{secrets.token_hex(3)}"
            try:
                parent.mkdir(parents=True, exist_ok=True)
                path.mkdir()
            except FileExistsError as error:
                if not parent.is_dir():
                    raise _refused(error, parent) from error
                continue
            except OSError as error:
                raise _refused(error, path) from error
            run = cls(path)
            _link(parent / "latest", path.name)
            return run
        raise CannotCreate(parent, "no free name is left")

    @classmethod
    def open(cls, path: Path, *, resume: bool = False) -> RunDir:
        """The directory at `path` itself, made if it isn't there.

        Raises:
            CannotCreate: it can't be made or written, or it holds a run and `resume` is False.
            Locked: another process is training there.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refused(error, path) from error
        run = cls(path)
        if run.holds_run() and not resume:
            run.close()
            raise CannotCreate(path, "holds a run already", "--resume goes on with it; or choose another --run-dir")
        return run

    @property
    def checkpoints(self) -> Path:
        """Directory for `train.checkpoint.Checkpoints`."""
        return self.path / "checkpoints"

    @property
    def journal(self) -> Path:
        """File for `run.journal.Journal`."""
        return self.path / "journal.jsonl"

    @property
    def tensorboard(self) -> Path:
        """Directory for `train.events.Events`."""
        return self.path / "tensorboard"

    def holds_run(self) -> bool:
        """Whether a training has begun here."""
        return holds_run(self.path)

    def write(self, name: str, content: str | Mapping[str, Any]) -> Path:
        """Write a file of the directory in one piece: a text as it is, a mapping as strict JSON.

        Raises:
            Failure: it can't be written; the old file is still there.
        """
        path = self.path / name
        text = content if isinstance(content, str) else strict_json.dumps(content, indent=2) + "\n"
        try:
            files.replace(path, text)
        except OSError as error:
            raise Failure(Exit.IO_ERROR, f"{path}: can't be written: {_reason(error)}") from error
        return path

    def close(self) -> None:
        """Let another process write here."""
        self._lock.release()

    def __enter__(self) -> RunDir:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def holds_run(path: Path) -> bool:
    """Whether a training has begun in that directory."""
    return any((path / name).exists() for name in _RUN_FILES)


def status(path: Path) -> str | None:
    """What a run's `summary.json` says of its end; None without a summary that can be read."""
    try:
        summary = strict_json.loads((path / "summary.json").read_bytes())
    except (OSError, ValueError):
        return None
    found = summary.get("status") if isinstance(summary, dict) else None
    return found if isinstance(found, str) else None


def find_unfinished(base: Path, name: str) -> list[Path]:
    """The runs of a recipe that haven't finished, oldest first."""
    parent = base / safe_name(name)
    if not parent.is_dir():
        return []
    runs = [path for path in sorted(parent.iterdir()) if path.is_dir() and not path.is_symlink()]
    return [path for path in runs if holds_run(path) and status(path) != "finished"]


def safe_name(name: str) -> str:
    """A recipe's name as the name of a directory: no way out of it, nothing that a file system trips over."""
    plain = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:80] or "run"
    return f"{plain}_" if _RESERVED.fullmatch(plain) else plain


def _locked(path: Path) -> Lock:
    try:
        return Lock(path)
    except Locked:
        raise
    except OSError as error:
        raise _refused(error, path) from error


def _refused(error: OSError, path: Path) -> CannotCreate:
    """Why there is no run directory, in plain words, and which name is in the way."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return CannotCreate(path, "a file is in the way of the run directory")
    return CannotCreate(path, f"can't write to the run directory: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _link(link: Path, target: str) -> None:
    """Let `latest` lead to the newest run. Where links can't be made, or a file has the name, it is left out."""
    temporary = link.with_name(f".latest.{secrets.token_hex(4)}.tmp")
    with suppress(OSError):
        os.symlink(target, temporary, target_is_directory=True)
        try:
            os.replace(temporary, link)
        except OSError:
            os.unlink(temporary)
            raise
