"""Texts as tokens: their bytes, or what a tokenizer.json makes of them."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy.typing as npt

BYTES: Final = 256
PADS: Final = ("[PAD]", "<pad>", "<|pad|>", "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>")
"""What tokenizers call the token that fills up; those that have none use the end of a text."""


def tokenizer(path: str) -> Any:
    """The tokenizer in that file; kept until the file changes.

    Raises:
        ValueError: the package tokenizers is missing, or there is no such file of its.
    """
    try:
        return _read(path, os.stat(os.path.expanduser(path)).st_mtime_ns)
    except OSError as error:
        raise ValueError(f"{path} can't be read: {(error.strerror or str(error)).lower()}") from error


@lru_cache(maxsize=2)
def _read(path: str, _stamp: int) -> Any:
    try:
        package = import_module("tokenizers")
    except ImportError as error:
        raise ValueError('`tokenizer` needs tokenizers; pip install "optcli[bpe]"') from error
    try:
        return package.Tokenizer.from_file(os.path.expanduser(path))
    except Exception as error:  # the package raises plain exceptions
        raise ValueError(f"{path}: not a tokenizer.json; it is made by `save` of tokenizers") from error


def vocabulary(path: str | None) -> tuple[int, int]:
    """How many tokens there are for classifying texts, and which of them fills up."""
    if path is None:
        return BYTES + 1, 0
    made = tokenizer(path)
    size = made.get_vocab_size()
    pad = next((found for name in PADS if (found := made.token_to_id(name)) is not None), size)
    return max(size, pad + 1), pad


def rows(path: str | None, texts: list[str | None], context: int) -> tuple[npt.NDArray[Any], int]:
    """(N, context) whole numbers, and how many texts are longer and cut; one that is missing is empty.

    Bytes count from 1, as 0 fills up; a tokenizer adds its special tokens, such as [CLS] and [SEP], at its own places.
    """
    import numpy as np

    tokens, pad = vocabulary(path)
    table = np.full((len(texts), context), pad, np.int16 if tokens < 2**15 else np.int32)
    cut = 0
    for row, (ids, more) in zip(table, _ids(path, [text or "" for text in texts], context), strict=True):
        row[: len(ids)] = ids
        cut += more
    return table, cut


def _ids(path: str | None, texts: list[str], context: int) -> Any:
    """Of each text the first tokens, and whether it has more."""
    import numpy as np

    if path is None:
        for raw in (text.encode() for text in texts):
            yield np.frombuffer(raw[:context], np.uint8).astype(np.int16) + 1, len(raw) > context
        return
    made = tokenizer(path)
    made.no_padding()
    made.enable_truncation(context)
    for one in made.encode_batch(texts):
        yield one.ids, bool(one.overflowing)


def stream(path: str | None, texts: list[str | None]) -> npt.NDArray[Any]:
    """(length,) tokens of all texts, one after another: int8 bytes, each text with a line end, or a tokenizer's."""
    import numpy as np

    known = [text for text in texts if text is not None]
    if path is None:
        return np.frombuffer(b"".join(text.encode() + b"\n" for text in known), np.int8)
    made = tokenizer(path)
    made.no_padding()
    made.no_truncation()
    narrow = np.int16 if made.get_vocab_size() < 2**15 else np.int32
    return np.concatenate([np.array(one.ids, narrow) for one in made.encode_batch(known)])
