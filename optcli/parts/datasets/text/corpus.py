"""Text files as two long texts, the tokens they are made of, and windows."""

from __future__ import annotations

import errno
import os
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from glob import glob, has_magic
from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets import Splits
from optcli.parts.facts import Facts

if TYPE_CHECKING:
    import numpy.typing as npt

    from optcli.parts.datasets.text import Options

UNKNOWN: Final = "\ufffd"
"""Stands for characters that the training part doesn't have; Unicode's replacement character."""
LISTED: Final = 10
"""Unknown characters that a note names."""
Text = str | bytes


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is known before the texts become numbers."""

    facts: Facts
    vocabulary: str
    """Token number -> character; empty at the level of bytes."""
    notes: tuple[str, ...]


def corpus(options: Options) -> Corpus:
    """Read the files; the result is kept until one of them changes.

    Raises:
        OSError, ValueError: see `optcli.parts.datasets.text.facts`.
    """
    train, val = _paths(options)
    stamps = tuple((path, s.st_mtime_ns, s.st_size, s.st_ino) for path in (*train, *val) for s in (os.stat(path),))
    return _corpus(options, stamps)


@lru_cache(maxsize=8)
def _corpus(options: Options, _stamps: tuple[tuple[str, int, int, int], ...]) -> Corpus:
    train, val = _texts(options)
    counts = [max(0, len(text) - 1) // options.context for text in (train, val)]
    for name, text, count in zip(("training", "validation"), (train, val), counts, strict=True):
        if not count:
            unit = f"{options.level}s"
            many = f"{len(text):,} {unit} for {name} are less than a window of {options.context + 1:,}"
            raise ValueError(f"{options.files}: {many}; choose a smaller `context`, or add text")
    if not isinstance(train, str) or not isinstance(val, str):
        return Corpus(Facts("language", counts[0], counts[1], (options.context,), 256), "", ())
    known = sorted(set(train))
    strange = Counter(val.translate(dict.fromkeys(map(ord, known))))
    vocabulary = "".join(known) + (UNKNOWN if strange and UNKNOWN not in known else "")
    facts = Facts("language", counts[0], counts[1], (options.context,), len(vocabulary), names=tuple(vocabulary))
    return Corpus(facts, vocabulary, _strangers(strange, len(val)))


def splits(options: Options) -> Splits:
    """Both texts as windows."""
    seen = corpus(options)
    parts = [_windows(_tokens(text, seen.vocabulary), options.context) for text in _texts(options)]
    return Splits(*parts[0], *parts[1], seen.notes)


def _strangers(strange: Counter[str], length: int) -> tuple[str, ...]:
    if not strange:
        return ()
    listed = ", ".join(repr(one) for one, _ in strange.most_common(LISTED)) + (" ..." if len(strange) > LISTED else "")
    are = "1 character is" if len(strange) == 1 else f"{len(strange):,} characters are"
    places = f"{strange.total():,} of {length:,} places"
    return (f"{are} in the validation part only ({listed}), at {places}; they count as one token, never trained on",)


def _paths(options: Options) -> tuple[list[str], list[str]]:
    """The files for training and, if they are apart, for validation."""
    val = _matching(options.validation_files) if options.validation_files else []
    apart = {os.path.realpath(path) for path in val}
    train = [path for path in _matching(options.files) if os.path.realpath(path) not in apart]
    if not train:
        raise ValueError(f"{options.files}: all its files are for validation; none is left for training")
    return train, val


def _matching(pattern: str) -> list[str]:
    path = os.path.expanduser(pattern)
    if os.path.isfile(path):
        return [path]
    found = sorted(one for one in glob(path, recursive=True) if os.path.isfile(one))
    if os.path.isdir(path):
        raise ValueError(f"{pattern}: a folder, not a file; write `{os.path.join(pattern, '*.txt')}`")
    if not found and not has_magic(path):
        raise FileNotFoundError(errno.ENOENT, "no such file", pattern)
    if not found:
        raise ValueError(f"{pattern}: no file is called so; `*` stands for any letters, `**` for any folders")
    return found


def _texts(options: Options) -> tuple[Text, Text]:
    """The text for training and that for validation, files joined."""
    paths, apart = _paths(options)
    train, val = ([_read(path, options.level) for path in one] for one in (paths, apart))
    if not apart:
        ends = [len(text) - round(options.validation * len(text)) for text in train]
        val = [text[end:] for text, end in zip(train, ends, strict=True)]
        train = [text[:end] for text, end in zip(train, ends, strict=True)]
    nothing: Any = "" if options.level == "character" else b""
    return nothing.join(train), nothing.join(val)


def _read(path: str, level: str) -> Text:
    with open(path, "rb") as file:
        raw = file.read()
    if level == "byte":
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: not UTF-8 text; save it as UTF-8, or set `level: byte`") from error


def _tokens(text: Text, vocabulary: str) -> npt.NDArray[Any]:
    """(length,) int64; characters that the vocabulary lacks are its last token."""
    import numpy as np

    if isinstance(text, bytes):
        return np.frombuffer(text, np.uint8).astype(np.int64)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    number = np.full(max(int(points.max()), *map(ord, vocabulary)) + 1, len(vocabulary) - 1)
    number[[ord(one) for one in vocabulary]] = np.arange(len(vocabulary))
    return number[points]


def _windows(tokens: npt.NDArray[Any], context: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Inputs and, one token later, targets: (N, context) each, sharing the memory of `tokens`."""
    count = (len(tokens) - 1) // context
    return tuple(tokens[shift : shift + count * context].reshape(count, context) for shift in (0, 1))  # type: ignore[return-value]
