"""Text files as two long texts, the tokens they are made of, and windows."""

from __future__ import annotations

import errno
import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from glob import glob, has_magic
from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets import Splits
from optcli.parts.datasets._leaks import copied
from optcli.parts.datasets._windows import windows
from optcli.parts.datasets.text import bpe
from optcli.parts.facts import Facts

if TYPE_CHECKING:
    import numpy.typing as npt

    from optcli.parts.datasets.text import Options

UNKNOWN: Final = "\ufffd"
"""Stands for characters that the training part doesn't have; Unicode's replacement character."""
LISTED: Final = 10
"""Unknown characters that a note names."""
PIECE: Final = 1 << 20
"""Bytes that are read at once."""
UNITS: Final = {"character": "character", "byte": "byte", "bpe": "token"}
PASSAGE: Final = {"character": 64, "byte": 64, "bpe": 32}
"""Tokens of a passage that is looked for in both parts: about a line of text."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is known before the texts become numbers."""

    facts: Facts
    vocabulary: str = ""
    """Token number -> character, at the level of characters."""
    notes: tuple[str, ...] = ()
    ids: tuple[array[int], ...] = ()
    """Tokens of both parts, at the level `bpe`."""


def corpus(options: Options) -> Corpus:
    """Read the files; the result is kept until one of them changes.

    Raises:
        OSError, ValueError: see `optcli.parts.datasets.text.facts`.
    """
    train, val = _paths(options)
    files = (*train, *val, *([os.path.expanduser(options.tokenizer)] if options.tokenizer else ()))
    stamps = tuple((path, s.st_mtime_ns, s.st_size, s.st_ino) for path in files for s in (os.stat(path),))
    return _corpus(options, stamps)


@lru_cache(maxsize=8)
def _corpus(options: Options, _stamps: tuple[tuple[str, int, int, int], ...]) -> Corpus:
    if options.level == "byte":
        stretches = _stretches(options)
        facts = _facts(options, [sum(end - begin for _, begin, end in part) for part in stretches], 256, ())
        _must_vary(options, _read_in(stretches[0]))
        return Corpus(facts)
    train, val = _texts(options)
    if options.level == "bpe":
        return _pieces(options, train, val)
    known = sorted(set(train))
    strange = Counter(val.translate(dict.fromkeys(map(ord, known))))
    vocabulary = "".join(known) + (UNKNOWN if strange and UNKNOWN not in known else "")
    facts = _facts(options, [len(train), len(val)], len(vocabulary), tuple(vocabulary))
    _must_vary(options, [known])
    return Corpus(facts, vocabulary, _strangers(strange, len(val)))


def _pieces(options: Options, train: str, val: str) -> Corpus:
    tokenizer = bpe.tokenizer(options, train)
    ids, names = [bpe.ids(tokenizer, text) for text in (train, val)], bpe.names(tokenizer)
    facts = _facts(options, list(map(len, ids)), len(names), names)
    _must_vary(options, [ids[0]])
    each = len(val) / max(1, len(ids[1]))
    note = f"a token stands for {each:.2f} characters of the validation text, and `bits_per_char` counts bits a token"
    return Corpus(facts, notes=(note,), ids=tuple(ids))


def _facts(options: Options, tokens: list[int], outputs: int, names: tuple[str, ...]) -> Facts:
    """The facts for so many tokens in each part.

    Raises:
        ValueError: too few for a window.
    """
    counts = [max(0, many - 1) // options.context for many in tokens]
    for name, many, count in zip(("training", "validation"), tokens, counts, strict=True):
        if not count:
            told = f"{many:,} {UNITS[options.level]}s for {name} are less than a window of {options.context + 1:,}"
            raise ValueError(f"{options.files}: {told}; choose a smaller `context`, or add text")
    return Facts("language", counts[0], counts[1], (options.context,), outputs, names=names)


def _must_vary(options: Options, pieces: Iterable[Sequence[Any]]) -> None:
    """See that the training part holds two different tokens at least; the rest of it isn't read.

    Raises:
        ValueError: it is one token again and again.
    """
    seen: set[Any] = set()
    if not any(len(seen := seen | set(piece)) > 1 for piece in pieces):
        raise ValueError(f"{options.files}: the training part is one {UNITS[options.level]} again and again; add text")


def _read_in(stretches: list[tuple[str, int, int]]) -> Iterator[bytes]:
    """The bytes, piece by piece."""
    for path, at, end in stretches:
        with open(path, "rb") as file:
            file.seek(at)
            while piece := file.read(min(PIECE, end - at)):
                at += len(piece)
                yield piece


def splits(options: Options) -> Splits:
    """Both texts as windows; a note tells of text that is in both."""
    seen = corpus(options)
    train, val = _numbers(options, seen)
    notes = (*seen.notes, *copied(train, val, PASSAGE[options.level], UNITS[options.level]))
    return Splits(*windows(train, options.context), *windows(val, options.context), notes)


def _numbers(options: Options, seen: Corpus) -> list[npt.NDArray[Any]]:
    """The tokens of each part: narrow whole numbers, mapped from the file where it is one file's bytes."""
    import numpy as np

    if options.level == "byte":
        return [_mapped(part) for part in _stretches(options)]
    if seen.ids:
        return [np.frombuffer(part, part.typecode) for part in seen.ids]
    return [_tokens(text, seen.vocabulary) for text in _texts(options)]


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


def _stretches(options: Options) -> list[list[tuple[str, int, int]]]:
    """(file, first byte, end) of what makes up each part, at the level of bytes."""
    paths, apart = _paths(options)
    whole = [[(path, 0, os.path.getsize(path)) for path in part] for part in (paths, apart)]
    if apart:
        return whole
    cut = [(path, size - round(options.validation * size), size) for path, _, size in whole[0]]
    return [[(path, 0, at) for path, at, _ in cut], cut]


def _mapped(stretches: list[tuple[str, int, int]]) -> npt.NDArray[Any]:
    """(length,) int8; only of several files is a copy made."""
    import numpy as np

    parts = [np.memmap(path, np.int8, "r")[begin:end] for path, begin, end in stretches if end > begin]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _texts(options: Options) -> tuple[str, str]:
    """The text for training and that for validation, files joined."""
    paths, apart = _paths(options)
    train, val = (list(map(_read, one)) for one in (paths, apart))
    if not apart:
        ends = [len(text) - round(options.validation * len(text)) for text in train]
        val = [text[end:] for text, end in zip(train, ends, strict=True)]
        train = [text[:end] for text, end in zip(train, ends, strict=True)]
    return "".join(train), "".join(val)


def _read(path: str) -> str:
    with open(path, "rb") as file:
        raw = file.read()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: not UTF-8 text; save it as UTF-8, or set `level: byte`") from error


def _tokens(text: str, vocabulary: str) -> npt.NDArray[Any]:
    """(length,) int16 or int32; characters that the vocabulary lacks are its UNKNOWN."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    number = np.full(max(int(points.max()), *map(ord, vocabulary)) + 1, max(0, vocabulary.find(UNKNOWN)))
    number = number.astype(np.int16 if len(vocabulary) < 2**15 else np.int32)
    number[[ord(one) for one in vocabulary]] = np.arange(len(vocabulary))
    return number[points]
