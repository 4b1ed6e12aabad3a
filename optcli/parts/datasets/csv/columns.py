"""What a column of a table is: numbers or words, an input or the target."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from optcli.parts.datasets.csv.table import MISSING, number, written

FEW: Final = 20
"""A target of at most so many different whole numbers is taken for classes: grades have fewer, counts more."""
MOSTLY: Final = 0.9
"""Where more than this share of a column's cells are numbers, the others are mistakes and not words."""
EXACT: Final = 2**53
"""Floats below it hold whole numbers exactly."""
LARGEST: Final = 1e100
"""Beyond it, squares and their sums are soon beyond every float."""
SPACES: Final = 3
"""A cell with more has four words at least: a sentence and no name."""
AS_TEXT: Final = "to learn from it, let the data `hf_dataset` read the table, else leave it out with `drop`"
WORDS: Final = 1000
"""A column with more different words is a name or a text, from which one-hot columns can't learn."""


@dataclass(slots=True)
class Column:
    """What the cells of a column look like."""

    name: str
    index: int
    numbers: int = 0
    others: int = 0
    stranger: tuple[str, str] = ("", "")
    """The first cell that is no number, and its `file:line`."""
    huge: str = ""
    """What to say of the first finite number beyond LARGEST."""
    written: int = 0
    """Others that are numbers as people write them."""
    forms: set[str] = field(default_factory=set)
    """Different ones of these, as far as they are more than classes."""

    def count(self, cell: str, where: str, value: float | None) -> None:
        """Take a cell in that isn't missing; `value` is None where it is no number."""
        if value is not None:
            self.numbers += 1
            if LARGEST < abs(value) < math.inf and not self.huge:
                self.huge = f"{where}: column `{self.name}`: `{cell[:40]}` is beyond {LARGEST:g}"
            return
        self.others += 1
        if written(cell):
            self.written += 1
            if len(self.forms) <= FEW:
                self.forms.add(cell)
        self.stranger = self.stranger if self.stranger[1] else (cell, where)

    def must_be_plain(self) -> None:
        """See that the words are no numbers in disguise.

        Raises:
            ValueError: most of them are, and of more than a few kinds.
        """
        if len(self.forms) > FEW and self.numbers + self.written > MOSTLY * (self.numbers + self.others):
            told = f"column `{self.name}`: `{self.stranger[0][:40]}` is a number as people write it"
            raise ValueError(f"{self.stranger[1]}: {told}; write 1234.5, without signs and with a point")

    def must_be_measured(self) -> None:
        """See that the numbers can be squared.

        Raises:
            ValueError: one is too large.
        """
        if self.huge:
            raise ValueError(f"{self.huge}; write it in another unit, or its logarithm")


@dataclass(slots=True)
class Input(Column):
    """An input column: `see` every cell, `settle`, then `learn` the cells of the training part."""

    is_number: bool = True
    gaps: bool = False
    """A training cell is missing."""
    words: dict[str, int] = field(default_factory=dict)
    """The training part's words (missing cells count as one), in order of appearance."""

    def see(self, cell: str, where: str) -> None:
        """Count the cell."""
        if cell.lower() in MISSING:
            return
        value = number(cell)
        self.count(cell, where, value if value is not None and math.isfinite(value) else None)

    def settle(self, file: str) -> None:
        """Decide between numbers and words, once every cell is seen.

        Raises:
            ValueError: the column is empty, or some of its cells are not the numbers that the others are, or too large.
        """
        cell, where = self.stranger
        if self.numbers + self.others == 0:
            raise ValueError(f"{file}: column `{self.name}` is empty; leave it out with `drop`")
        self.must_be_plain()
        self.is_number = self.numbers > MOSTLY * (self.numbers + self.others)
        if self.is_number and self.others:
            raise ValueError(f"{where}: column `{self.name}`: `{cell[:40]}` is not a finite number as the others are")
        if self.is_number:
            self.must_be_measured()

    def learn(self, cell: str, where: str) -> None:
        """Remember a training cell's word, or that it is missing.

        Raises:
            ValueError: too many different words.
        """
        missing = cell.lower() in MISSING
        self.gaps |= missing
        if not self.is_number:
            self.words.setdefault("" if missing else cell, len(self.words))
            if len(self.words) > WORDS:
                what = "texts" if self.is_text else "words"
                do = AS_TEXT if self.is_text else "leave it out with `drop`"
                raise ValueError(f"{where}: column `{self.name}` has more than {WORDS} different {what}; {do}")

    @property
    def is_text(self) -> bool:
        """Whether its words are mostly sentences."""
        spaces = sorted(word.count(" ") for word in self.words)
        return bool(spaces) and spaces[len(spaces) // 2] >= SPACES

    @property
    def features(self) -> list[str]:
        """Names of the features that the column becomes."""
        if self.is_number:
            return [self.name, f"{self.name} missing"] if self.gaps else [self.name]
        return [f"{self.name} {word or 'missing'}" for word in self.words]


@dataclass(slots=True)
class Target(Column):
    """The column to predict: `see` every cell, then `settle`. Here nan and inf are numbers."""

    task: Literal["auto", "classification", "regression"] = "auto"
    hole: str = ""
    """The `file:line` of the first nan."""
    labels: set[str] = field(default_factory=set)
    classes: dict[str, int] = field(default_factory=dict)
    """Label -> its number, in order; empty for a regression."""

    def see(self, cell: str, where: str) -> None:
        """Count the cell.

        Raises:
            ValueError: it is missing.
        """
        if cell.lower() in MISSING - {"nan"}:
            counts = f", as `{cell}` counts as a hole" if cell else ""
            told = f"the target `{self.name}` is missing{counts}"
            raise ValueError(f"{where}: {told}; give it a value, or leave the row out")
        value = number(cell)
        self.count(cell, where, value)
        if value is not None and math.isnan(value):
            self.hole = self.hole or where
        if len(self.labels) <= WORDS:
            self.labels.add(cell)

    def settle(self, file: str) -> None:
        """Decide between classes and numbers, once every cell is seen.

        Raises:
            ValueError: numbers and words are mixed, or there are too few or too many classes; or, of a regression,
                the numbers are too large, or all the same.
        """
        if not self.numbers + self.others:
            raise ValueError(f"{file}: no rows below the header")
        if self.task != "classification":
            self.must_be_plain()
        if self._is_regression():
            self._must_be_quantities(file)
            return
        if self.hole:
            raise ValueError(f"{self.hole}: the target `{self.name}` is missing; give it a value, or leave the row out")
        ordered = sorted({_plain(label) for label in self.labels}, key=lambda label: (_order(label), label))
        if not 2 <= len(ordered) <= WORDS:
            count = f"only `{ordered[0]}`" if len(ordered) == 1 else f"more than {WORDS} classes"
            raise ValueError(f"{file}: target `{self.name}` holds {count}; name another column with `target`")
        self.classes = {label: i for i, label in enumerate(ordered)}

    def _must_be_quantities(self, file: str) -> None:
        """See that the cells are numbers that can be learned.

        Raises:
            ValueError: one is none, or is too large; or all finite ones are the same.
        """
        if self.others:
            raise ValueError(f"{self.stranger[1]}: target `{self.name}`: `{self.stranger[0][:40]}` is not a number")
        self.must_be_measured()
        finite = {value for value in map(float, self.labels) if math.isfinite(value)}
        if self.numbers > 1 and len(finite) == 1:
            told = f"target `{self.name}` holds only `{next(iter(finite)):g}`"
            raise ValueError(f"{file}: {told}; name another column with `target`")

    def number(self, cell: str) -> int:
        """The class's number."""
        return self.classes[_plain(cell)]

    def _is_regression(self) -> bool:
        if self.task != "auto":
            return self.task == "regression"
        if self.others:
            return self.numbers > MOSTLY * (self.numbers + self.others)
        finite = {_plain(label) for label in self.labels if math.isfinite(float(label))}
        return len(finite) > FEW or not all(label.lstrip("-").isdecimal() for label in finite)


def _plain(label: str) -> str:
    """`1.0` and `1` are one class; `9007199254740992` and `9007199254740993` are two, though they are one float."""
    value = number(label)
    if value is None or not math.isfinite(value) or value != int(value):
        return label
    if abs(value) < EXACT:
        return f"{int(value)}"
    above, below = Decimal(label).as_integer_ratio()
    return f"{above}" if below == 1 else label


def _order(label: str) -> float:
    """Numbers by size, before words."""
    value = number(label)
    return math.inf if value is None or math.isnan(value) else value
