"""Checkpoints: complete or not there at all, verified before they are used, exact when they are loaded.

One directory each, `checkpoints/step-<n>/`, with `model.safetensors` (the weights alone, for anybody to use: those that
evaluations see, which are averages with some optimizers and regularizers),
`state.safetensors` and `state.json` (everything else) and `manifest.json`. It is written beside its place, made
durable, read back, and then given its name by a single rename. Nothing is pickled. `index.json` tells the names of the
latest and the best one; it is for people and tools, and written anew when it doesn't agree with the manifests.
"""

from __future__ import annotations

import errno
import math
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from optcli.exits import Exit, Failure
from optcli.run import files, strict_json
from optcli.train import snapshot
from optcli.train.manifest import Damaged, Manifest
from optcli.train.snapshot import FORM, Loaded, Stateful, read, step_of

__all__ = ["CannotSave", "Checkpoints", "Loaded", "NoCheckpoint", "Stateful", "read"]

_LEFTOVER: Final = (".staging-", ".trash-")


class NoCheckpoint(Failure):
    """There is no checkpoint that can be loaded; `skipped` tells the damaged ones and what is wrong with each."""

    def __init__(self, directory: Path, skipped: list[tuple[Path, str]]) -> None:
        found = "; ".join(f"{path.name}: {why}" for path, why in skipped)
        message = f"{directory}: no checkpoint can be loaded ({found or 'there is none'})"
        super().__init__(Exit.IO_ERROR, message, "to begin anew, delete them or choose another --run-dir")
        self.skipped = skipped


class CannotSave(Failure):
    """A checkpoint can't be written. Every older one is still there."""

    def __init__(self, directory: Path, reason: str, code: Exit = Exit.IO_ERROR) -> None:
        super().__init__(code, f"{directory}: {reason}", "make room, or choose another --run-dir")


class Checkpoints:
    """The checkpoints of one run, for its one writer: who makes this object must hold the run's lock.

    What a killed process left half done is cleared away at once. The newest `keep` checkpoints stay (at least 2), and
    the best one always.

    Raises:
        CannotSave: the directory can't be made or written.
    """

    def __init__(self, directory: Path, keep: int = 3) -> None:
        self.directory = directory
        self.keep = max(2, keep)
        self._serial = 0
        if directory.is_symlink():
            # Retention deletes here; a link may lead into another run's checkpoints.
            raise CannotSave(directory, "checkpoints must not be a symbolic link", Exit.CANNOT_CREATE)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._recover()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CannotSave(directory, f"no place for checkpoints: {reason}", Exit.CANNOT_CREATE) from error

    def save(
        self,
        step: int,
        state: Mapping[str, Stateful],
        *,
        metric: float | None = None,
        best: bool = False,
        info: Mapping[str, Any] | None = None,
    ) -> Path:
        """Store the state after optimizer step `step`; returns the checkpoint's directory.

        The object called `model` goes into `model.safetensors`. A checkpoint of the same step is replaced.

        Raises:
            CannotSave: the disk is full or broken. Every older checkpoint is still there.
            TypeError: a state dict holds something that can't be stored; the message says where.
        """
        shelf = self._shelf()
        score = metric if metric is not None and math.isfinite(metric) else None
        draft = Manifest(step, self._serial + 1, score, best)
        with self._staging() as staging:
            complete = snapshot.write(staging, state, dict(info or {}), draft)
            final = self._publish(staging, f"step-{step}")
        shelf.pop(final, None)
        shelf[final] = complete
        # From here on the checkpoint is safe; tidying up may fail without harm and is done again at the next save.
        with suppress(OSError):
            self._rotate(shelf)
            self._index(shelf)
        return final

    def load(self, which: str = "latest") -> Loaded:
        """Read a checkpoint: `latest`, `best` or a name such as `step-500`.

        Where the newest is damaged, the newest good one is taken instead, and `skipped` tells so.

        Raises:
            NoCheckpoint: none is good.
        """
        skipped: list[tuple[Path, str]] = []
        for path in self._candidates(which):
            try:
                return replace(read(path), skipped=skipped)
            except Damaged as error:
                skipped.append((path, str(error)))
        raise NoCheckpoint(self.directory, skipped)

    def steps(self) -> list[int]:
        """The steps of the checkpoints that look complete, oldest save first."""
        return [m.step for m in self._shelf().values()]

    def _shelf(self) -> dict[Path, Manifest]:
        """The checkpoints with an intact manifest, in the order in which they were saved."""
        found = {}
        for path in self._named():
            with suppress(Damaged):
                found[path] = snapshot.about(path)
        # A manifest that can't be read for a moment must not give its number away a second time.
        self._serial = max([self._serial, *(m.serial for m in found.values())])
        return dict(sorted(found.items(), key=lambda item: item[1].serial))

    def _named(self) -> list[Path]:
        """All directories that are named like a checkpoint; a link is none."""
        with os.scandir(self.directory) as entries:
            return [
                self.directory / entry.name
                for entry in entries
                if FORM.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            ]

    def _candidates(self, which: str) -> list[Path]:
        """What to try, in this order."""
        found = self._shelf()
        shelf = list(found)[::-1]
        broken = sorted(set(self._named()) - set(shelf), key=step_of, reverse=True)
        if which == "latest":
            newer = [path for path in broken if not shelf or step_of(path) > step_of(shelf[0])]
            return newer + shelf + [path for path in broken if path not in newer]
        first = _best(found) if which == "best" else self.directory / which
        if first is None or not FORM.fullmatch(first.name):
            return shelf
        return [first, *(path for path in shelf if path != first)]

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """A new directory beside the checkpoints, gone afterwards unless it was renamed."""
        path = self.directory / f".staging-{secrets.token_hex(4)}"
        try:
            path.mkdir()
            yield path
        except OSError as error:
            raise self._told(error) from error
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _told(self, error: OSError) -> CannotSave:
        """The error in plain words, with what space there is."""
        reason = (error.strerror or str(error)).lower()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = f"the disk is full: {reason}"
        return CannotSave(self.directory, f"a checkpoint can't be written: {reason}")

    def _publish(self, staging: Path, name: str) -> Path:
        """Give a complete checkpoint its name. One that has the name already steps aside first, and is then deleted."""
        final, aside = self.directory / name, self.directory / f".old-{name}"
        if os.path.lexists(final):
            os.rename(final, aside)
        try:
            os.rename(staging, final)
        except OSError:
            if os.path.lexists(aside):
                os.rename(aside, final)
            raise
        files.sync_directory(self.directory)
        self._discard(aside)
        return final

    def _rotate(self, shelf: dict[Path, Manifest]) -> None:
        """Delete all but the newest and the best. A damaged one is left alone: it may be a copy under way."""
        best = _best(shelf)
        for path in list(shelf)[: -self.keep]:
            if path != best:
                self._discard(path)

    def _discard(self, path: Path) -> None:
        """Delete a directory such that a kill on the way leaves no half of it under its own name."""
        if os.path.lexists(path):
            trash = self.directory / f".trash-{secrets.token_hex(4)}"
            os.rename(path, trash)
            _remove(trash)

    def _index(self, shelf: dict[Path, Manifest]) -> None:
        latest, best = next(reversed(shelf), None), _best(shelf)
        text = strict_json.dumps({"latest": latest.name if latest else None, "best": best.name if best else None})
        path = self.directory / "index.json"
        if not path.is_file() or path.read_bytes() != text.encode():
            files.replace(path, text, durable=False)

    def _recover(self) -> None:
        """Clear away what a killed process left: half-written, half-deleted and half-replaced checkpoints."""
        for name in os.listdir(self.directory):
            path = self.directory / name
            if name.startswith(_LEFTOVER) or (name.startswith(".index.json.") and name.endswith(".tmp")):
                _remove(path)
            elif name.startswith(".old-") and FORM.fullmatch(name.removeprefix(".old-")):
                final = self.directory / name.removeprefix(".old-")
                if os.path.lexists(final):
                    _remove(path)
                else:
                    os.rename(path, final)
        self._index(self._shelf())


def _best(shelf: dict[Path, Manifest]) -> Path | None:
    """The one that was saved last as the best."""
    return next((path for path in reversed(shelf) if shelf[path].best), None)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
