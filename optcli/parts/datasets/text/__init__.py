"""Your own text: predict the next character, byte, or piece of a word.

    data: {name: text, files: "notes/*.txt", context: 128, batch_size: 32}

The last tenth of each file is for validation, unless `validation_files` names others. The vocabulary is that of the
training part; characters that only validation has become one more token, which is reported. At the level of bytes any
file will do, and there are always 256 tokens; a single file may be larger than memory, as it is mapped. At the level
`bpe`, tokens are pieces of words that are frequent in the training part (byte-level BPE), or those of a tokenizer.json;
that needs tokenizers: `pip install "optcli[bpe]"`. Text that is in both parts is reported. A sample is a window of
`context` tokens and, as target, the same window one token later; windows don't overlap. Files are joined in the order
of their names.

A relative path starts at the working directory; `**` stands for any folders in between.

Source of BPE: Sennrich et al. 2015, arXiv 1508.07909; on bytes: Radford et al. 2019 (GPT-2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from optcli.parts.datasets import Splits
from optcli.parts.datasets.text import corpus
from optcli.parts.facts import Facts
from optcli.units import STRICT


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    files: str
    """A file, or a pattern such as `notes/*.txt` or `books/**/*.txt`. Text is UTF-8."""
    validation_files: str | None = None
    """Files that are for validation, and left out of `files` where that names them too."""
    level: Literal["character", "byte", "bpe"] = "character"
    """What a token is."""
    vocabulary: Annotated[int, Ge(257), Le(30_000)] | None = None
    """Tokens that `bpe` learns, the 256 bytes among them, if the text has so many pieces; by default 1000."""
    tokenizer: str | None = None
    """A tokenizer.json whose tokens `bpe` takes instead of learning some."""
    context: Annotated[int, Ge(2), Le(8192)] = 128
    """Tokens in a window."""
    validation: Annotated[float, Gt(0), Lt(1)] = 0.1
    """Share of each file, at its end, that is for validation; without effect where there are `validation_files`."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    given = [name for name in ("vocabulary", "tokenizer") if getattr(options, name) is not None]
    if given and options.level != "bpe":
        return [(given[0], f"`{given[0]}` has no effect at the level {options.level}", "set `level: bpe`")]
    if len(given) == 2:
        return [("vocabulary", "`vocabulary` has no effect beside `tokenizer`", "remove one of them")]
    return []


def facts(options: Options) -> Facts:
    """Windows in each part, and the tokens' names, from reading the files; of bytes, from their sizes.

    Raises:
        OSError: a file can't be read.
        ValueError: no such files, not UTF-8, too short for a window, or one token alone; the message names the file.
    """
    return corpus.corpus(options).facts


def load(options: Options, seed: int) -> Splits:
    """Windows (N, context) of token numbers, inputs and targets; nothing is random here, so `seed` has no effect.

    Raises:
        OSError, ValueError: as `facts`.
    """
    return corpus.splits(options)
