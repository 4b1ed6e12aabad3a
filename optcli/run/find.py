"""Which files at a path are training logs, and which of them belong to one run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from optcli.run import notes as say
from optcli.run.block import Unreadable
from optcli.run.curve import Note
from optcli.run.readers import SURE, load, recognize
from optcli.run.refusal import reason
from optcli.run.roles import listed
from optcli.run.source import Source

MOST_FILES: Final = 200_000
MOST_SNIFFED: Final = 20_000
"""More files than this are not opened: a directory of logs has fewer."""
MOST_OTHERS: Final = 3_000
MOST_OTHERS_HERE: Final = 200
"""Files that turn out to be no logs, in all and in one folder, after which the search, or that folder, is given up: to
refuse one takes some milliseconds, and a folder of so many holds data."""
NOT_ENTERED: Final = frozenset(("/proc", "/sys", "/dev"))
LIBRARIES: Final = frozenset(("node_modules", "site-packages", "__pycache__"))
"""Folders, by path and by name, that hold files without end and no logs."""
DEEPEST: Final = 40
IN_A_TREE: Final = 0.4
"""In a directory a file must look like a log this much; a README that mentions `loss: 0.5` doesn't."""
ALONE: Final = 3
"""So few files that may be logs, and none that looks like one: then they are what the user means, as if named."""
UNSURE: Final = 0.5
"""A file whose beginning scores less (a long preamble, prose) is looked at in the middle too."""
NEVER_LOGS: Final = frozenset(
    listed(
        "py pyc pyi ipynb md rst html css js ts c cc cpp cu h hpp so o a png jpg jpeg gif webp bmp tif tiff svg pdf"
        " mp4 avi wav mp3 zip gz bz2 xz zst tar tgz 7z whl pt pth ckpt bin safetensors onnx h5 hdf5 keras pb tflite"
        " npy npz pkl pickle joblib parquet arrow feather mat toml cfg ini lock sh bat vocab spm"
    )
)
"""Endings that save opening a file while a directory is searched; a file named by the user is always opened."""
TABLES: Final = "md"
"""The one of them with which a file that begins with a bar is opened: a table may be all there is in it, as pandas
writes one. It must be sure to be a log, as tables of results are no logs."""


@dataclass(frozen=True)
class Found:
    """The files of one run: `source` as the user would name it, `files` as (path, name relative to the run)."""

    source: str
    format: str
    files: tuple[tuple[str, str], ...]
    pattern: str | None = None
    notes: tuple[Note, ...] = ()
    stream: Source | None = None
    """Standard input, whose beginning has been read already."""


def discover(path: str, pattern: str | None = None) -> list[Found]:
    """The runs at `path`, sorted by their name.

    Raises:
        Unreadable: `path` doesn't exist or is no known log, or the search for one was given up.
    """
    if path != "-" and os.path.isdir(path):
        return _directory(path, pattern)
    source = Source(path, pattern=pattern)
    head = source.head()
    if not head:
        raise Unreadable(path, "it is empty")
    name = "console" if pattern else _named(source)
    if not name:
        raise Unreadable(path, reason(head))
    found = replace(_found(_home(name, path), name, [path], pattern), source=path)
    return [replace(found, stream=source) if path == "-" else found]


def _named(source: Source) -> str:
    """The format of a file that the user means to be a log, or nothing."""
    name, score = recognize(source.head(), source.name)
    if score < UNSURE and (later := recognize(source.middle(), source.name))[1] > score:
        name, score = later
    return name if score else ""


def _directory(root: str, pattern: str | None) -> list[Found]:
    if os.path.isfile(os.path.join(root, "journal.jsonl")):
        return [_own_run(root)]
    groups: dict[tuple[str, str], list[str]] = {}
    own: list[Found] = []
    told: list[str] = []
    others, left = list[str](), list[str]()
    for folder, files in walk(root, told):
        if "journal.jsonl" in files:
            own.append(_own_run(folder))
            continue
        logs, missed = _logs(folder, files, pattern)
        for path, reader in logs:
            groups.setdefault((_home(reader, path), reader), []).append(path)
        others += missed
        left += [folder] if len(missed) == MOST_OTHERS_HERE else []
        if len(others) >= MOST_OTHERS:
            told.append(
                f"after {len(others):,} files that are no logs the search below {root} was given up in {folder}"
            )
            break
    if left:
        told.append(f"{len(left)} folders with many files that are no logs were left, the first {left[0]}")
    if not groups and not own and len(others) <= ALONE:
        groups = {(_home(name, path), name): [path] for path in others if (name := _meant(path))}
    owners = tuple(home + os.sep for home, reader in groups if getattr(load(reader), "OWNS", False))
    for (home, reader), paths in groups.items():
        if getattr(load(reader), "OWNS", False) or not paths[0].startswith(owners):
            one = _found(home, reader, paths, pattern)
            # A run that reaches above what the user named (its `train/` folder) keeps the user's name.
            own.append(one if home.startswith(root) else replace(one, source=root))
    if told and not own:
        raise Unreadable(root, f"no training log in it; {told[0]}")
    notes = tuple(say.note(say.UNREADABLE, what) for what in told)
    return sorted((replace(one, notes=notes) for one in own), key=lambda one: (one.source, one.format))


def _meant(path: str) -> str:
    try:
        return _named(Source(path))
    except (Unreadable, OSError):
        return ""


def _logs(folder: str, files: list[str], pattern: str | None) -> tuple[list[tuple[str, str]], list[str]]:
    """(path, format) of the logs among these files, and the paths of others; too many of those end it.

    The rarest ending is looked at first: the one `metrics.csv` beside a thousand JSON files of predictions.
    """
    found, others = list[tuple[str, str]](), list[str]()
    kinds = Counter(map(_ending, files))
    for file in sorted(files, key=lambda name: (kinds[_ending(name)], name)):
        path = os.path.join(folder, file)
        reader = _format(path, file, pattern)
        if reader is not None:
            found.append((path, reader))
        else:
            others.append(path)
        if len(others) == MOST_OTHERS_HERE:
            break
    return found, others


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _home(reader: str, path: str) -> str:
    """The run that a file belongs to."""
    home = getattr(load(reader), "home", None)
    return str(home(path)) if home is not None and path != "-" else path


def _own_run(folder: str) -> Found:
    return Found(folder, "journal", ((os.path.join(folder, "journal.jsonl"), "journal.jsonl"),))


def _found(home: str, reader: str, paths: list[str], pattern: str | None) -> Found:
    pick = getattr(load(reader), "pick", None)
    chosen = sorted(pick(paths) if pick else paths)
    names = [os.path.relpath(p, home) if p != home else os.path.basename(p) for p in chosen]
    return Found(home, reader, tuple(zip(chosen, names, strict=True)), pattern)


def _format(path: str, file: str, pattern: str | None) -> str | None:
    try:
        head = Source(path).head()
    except (Unreadable, OSError):
        return None
    if not head:
        return None
    if pattern:
        return "console"
    name, score = recognize(head, file)
    return name if score >= (SURE if _ending(file) == TABLES else IN_A_TREE) else None


def walk(root: str, told: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Folders below `root` with the files in each that may be logs; links are not followed, nothing raises.

    Hidden folders, libraries and the kernel's own are not entered. `told` gets a sentence if the search was given up,
    or a folder could not be opened.
    """
    opened = seen = 0
    closed: list[str] = []
    waiting = [(root, 0)]
    while waiting and seen < MOST_FILES and opened < MOST_SNIFFED:
        folder, depth = waiting.pop()
        files, folders = [], []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        folders += [(entry.path, depth + 1)] if _may_hold_logs(entry) else []
                    elif entry.is_file(follow_symlinks=False) and _may_be_log(entry):
                        files.append(entry.name)
        except OSError:
            closed.append(folder)
            continue
        if "journal.jsonl" not in files:
            waiting += [f for f in sorted(folders, reverse=True) if depth < DEEPEST]
        files = sorted(files)[: MOST_SNIFFED - opened]
        opened += len(files)
        yield folder, files
    if closed:
        told.append(f"{len(closed)} folders could not be opened, the first {closed[0]}")
    if waiting or opened == MOST_SNIFFED:
        told.append(f"only the first {opened:,} files below {root} were looked at")


def _may_hold_logs(folder: os.DirEntry[str]) -> bool:
    return folder.name[0] != "." and folder.name not in LIBRARIES and folder.path not in NOT_ENTERED


def _may_be_log(entry: os.DirEntry[str]) -> bool:
    """Whether a file is worth opening, by its name and because there is something in it (`/proc` says 0 of its own)."""
    name = entry.name
    ending = _ending(name.removesuffix(".gz"))
    if "tfevents" not in name and ending in NEVER_LOGS and not (ending == TABLES and _begins_with_bar(entry.path)):
        return False
    try:
        return entry.stat(follow_symlinks=False).st_size > 0
    except OSError:
        return False


def _begins_with_bar(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(1) == b"|"
    except OSError:
        return False
