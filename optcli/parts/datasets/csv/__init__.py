"""Your own table: a CSV or TSV file whose first line names the columns, or a Parquet file.

One column is the target (the last one left, unless `target` says otherwise), all others are inputs. Columns of numbers
are standardised; where cells are missing (empty, `NA`, `?`, `nan` ...), the median takes their place and one more
column tells so. Columns of words become one-hot. Medians, means, deviations and words are those of the training part.
Words or a few whole numbers as target make it a classification, other numbers a regression, whose target is
standardised too (so the RMSE counts standard deviations); literal `nan` and `inf` among a regression's targets are kept
as they are.

A fifth of the rows is for validation, chosen by content: rows that are identical, but for columns that are left out,
are always in the same part, and the order of the file doesn't matter. Rows that belong together (of one patient, one
shop) stay together with `group: patient`; what is to be forecast is judged with `time: date`, by the latest rows. Both
columns are no inputs then. What looks like a leak is reported: copies in both parts, a column that tells the target,
one that numbers the rows.

Texts are not for this part: `hf_dataset` reads tables of them. Parquet files need pyarrow: `pip install
"optcli[parquet]"`. A relative path starts at the working directory; `optcli:penguins.csv` is a small table that comes
with the package, to try things on.

Source of the example: Palmer Archipelago penguins, CC0; Horst, Hill, Gorman 2020, doi:10.5281/zenodo.3960218.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt, Lt

from optcli.parts.datasets import Splits
from optcli.parts.datasets.csv import encode, survey
from optcli.parts.facts import Facts
from optcli.units import STRICT


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    file: str
    """The table. Delimiter (comma, semicolon, tab or bar) and line ends are recognised; the encoding is UTF-8.
    A name that ends in .parquet or .pq is that of a Parquet file."""
    target: str | None = None
    """Column to predict; by default the last one that isn't named by `drop`, `group` or `time`."""
    drop: tuple[str, ...] = ()
    """Columns to leave out: numbers of rows, names, anything that must not be learned from."""
    task: Literal["auto", "classification", "regression"] = "auto"
    """By default a target of words, or of at most 20 different whole numbers, is a classification."""
    split: Literal["auto", "random", "stratified", "grouped", "time"] = "auto"
    """How validation rows are chosen: any, of each class its share, whole groups, or the latest ones. By default
    grouped or by time where `group` or `time` is given, else stratified for classes and random for a regression."""
    group: str | None = None
    """Column whose equal values stay in one part."""
    time: str | None = None
    """Column of numbers or ISO 8601 dates: the latest rows are for validation."""
    validation: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Share of the rows that are for validation."""
    validation_file: str | None = None
    """A second table with the same columns: all of it is for validation, and all of `file` for training."""
    split_seed: int = 0
    """Another number makes another choice of validation rows. The recipe's `seed` doesn't touch it."""


def facts(options: Options) -> Facts:
    """Sizes and task, from reading through the file (again only when it has changed).

    Raises:
        OSError: a file can't be read.
        ValueError: a file is not such a table; the message names file and line.
    """
    seen = survey.survey(options)
    shape, classes = (len(seen.features),), tuple(seen.target.classes)
    columns = tuple(len(one.features) for one in seen.inputs)
    if classes:
        return Facts("classification", seen.train, seen.val, shape, len(classes), names=classes, columns=columns)
    return Facts("regression", seen.train, seen.val, shape, 1, seen.variance, tuple(seen.features), columns)


def load(options: Options, seed: int) -> Splits:
    """Inputs (N, features) and labels (N,) or targets (N, 1); `seed` has no effect.

    Raises:
        OSError, ValueError: as `facts`.
    """
    return encode.encode(options, survey.survey(options))
