"""Pieces of words as tokens: byte-level BPE of the package tokenizers, learned or read."""

from __future__ import annotations

import os
from array import array
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from optcli.parts.datasets.text import Options

VOCABULARY: Final = 1000
"""Tokens that are learned, unless told."""


def tokenizer(options: Options, text: str) -> Any:
    """The tokenizer of the file that the options name, or one learned from `text`: the same for the same text.

    Raises:
        ValueError: the package tokenizers is missing, or the file is not one of its.
    """
    try:
        package = import_module("tokenizers")
    except ImportError as error:
        raise ValueError('`level: bpe` needs tokenizers; pip install "optcli[bpe]"') from error
    if options.tokenizer is None:
        return _learned(package, text, options.vocabulary or VOCABULARY)
    try:
        return package.Tokenizer.from_file(os.path.expanduser(options.tokenizer))
    except Exception as error:  # the package raises plain exceptions
        raise ValueError(f"{options.tokenizer}: not a tokenizer.json; it is made by `save` of tokenizers") from error


def _learned(package: Any, text: str, size: int) -> Any:
    made = package.Tokenizer(package.models.BPE())
    made.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = package.decoders.ByteLevel()
    alphabet = package.pre_tokenizers.ByteLevel.alphabet()
    trainer = package.trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator([text], trainer)
    return made


def ids(tokenizer: Any, text: str) -> array[int]:
    """The text as numbers of tokens, 16 bits each where that does."""
    code = "h" if tokenizer.get_vocab_size() < 2**15 else "i"
    return array(code, tokenizer.encode(text, add_special_tokens=False).ids)


def names(tokenizer: Any) -> tuple[str, ...]:
    """Token number -> token, as the package writes them."""
    return tuple(tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size()))
