"""A mistake in a recipe: where it stands, what is wrong, what is allowed, and the nearest right name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MANY: Final = 100
"""Unknown keys after which no more are told."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` and `column` count from 1 and are 0 where the text has no such place."""

    message: str
    """What is wrong: lower case, no full stop."""
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    """Recipe path, such as `optimizer.lr`."""
    help: str = ""
    """What to do: what is allowed, or the nearest right name."""
    snippet: str = ""
    """The line of text that the caret points into."""
    width: int = 1
    """Characters that the caret underlines."""


class BadRecipe(Exception):
    """A recipe can't be used; `problems` tells every mistake found, in the order of the text."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(p.message for p in self.problems))
