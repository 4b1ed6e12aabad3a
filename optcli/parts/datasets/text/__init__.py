"""Your own text: predict the next character, or byte.

    data: {name: text, files: "notes/*.txt", context: 128, batch_size: 32}

The last tenth of each file is for validation, unless `validation_files` names others. The vocabulary is that of the
training part; characters that only validation has become one more token, which is reported. At the level of bytes any
file will do, and there are always 256 tokens. A sample is a window of `context` tokens and, as target, the same window
one token later; windows don't overlap. Files are joined in the order of their names.

A relative path starts at the working directory; `**` stands for any folders in between.
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
    level: Literal["character", "byte"] = "character"
    """What a token is."""
    context: Annotated[int, Ge(2), Le(8192)] = 128
    """Tokens in a window."""
    validation: Annotated[float, Gt(0), Lt(1)] = 0.1
    """Share of each file, at its end, that is for validation; without effect where there are `validation_files`."""


def facts(options: Options) -> Facts:
    """Windows in each part, and the characters as names of the tokens, from reading the files.

    Raises:
        OSError: a file can't be read.
        ValueError: no such files, not UTF-8, or too short for a window; the message names file and line.
    """
    return corpus.corpus(options).facts


def load(options: Options, seed: int) -> Splits:
    """Windows (N, context) of token numbers, inputs and targets; nothing is random here, so `seed` has no effect.

    Raises:
        OSError, ValueError: as `facts`.
    """
    return corpus.splits(options)
