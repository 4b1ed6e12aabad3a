"""A data set of the Hugging Face package datasets: a saved folder, or a name on the hub.

    data: {name: hf_dataset, path: saved/flowers, target: species, batch_size: 64}

The folder is one that `save_to_disk` wrote, or holds Parquet, CSV or JSON files. Inputs are one column of pictures,
lists of numbers of one length, all columns of numbers, which are standardised by the training part, with its mean in
the place of missing ones, or one column of texts. The target is a column of classes (words, whole numbers) or, for a
regression, of other numbers, which are standardised too. Without a target, or with `task: language`, the task is to
predict the next byte of the texts. Texts may be tokens of a tokenizer.json instead of bytes; one that is to be
classified is cut after `context` of them, or filled up. The parts are the set's own, where it has two; else a share of
each class is for validation. Inputs that are in both parts are reported.

Needs datasets: `pip install "optcli[hf]"`; pictures need Pillow too, a tokenizer.json tokenizers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from optcli.parts.datasets import Splits
from optcli.parts.datasets.hf_dataset import encode, survey
from optcli.parts.facts import Facts
from optcli.units import STRICT


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    path: str
    """A folder, or `owner/name` on the hub."""
    inputs: tuple[str, ...] = ()
    """Columns to learn from; by default pictures, lists, all numbers, or texts, whichever there is first."""
    target: str | None = None
    """Column to predict; by default one called label, labels, target, class or y, else the only column of classes."""
    train_split: str = "train"
    """The set's part for training."""
    validation_split: str | None = None
    """Its part for validation; by default one called validation, valid, val or test."""
    validation: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Share that is for validation where the set has no part for it."""
    split_seed: int = 0
    """Another number draws other validation samples. The recipe's `seed` doesn't touch it."""
    size: Annotated[int, Ge(4), Le(4096)] | None = None
    """Height and width that all pictures get; by default those of the first one."""
    context: Annotated[int, Ge(2), Le(8192)] = 128
    """Bytes, or tokens, of a text, or of a window of it."""
    tokenizer: str | None = None
    """A tokenizer.json whose tokens texts are made of."""
    task: Literal["auto", "language"] = "auto"
    """`language`: go on with the texts, though there is a column that might be the target."""


def facts(options: Options) -> Facts:
    """Sizes, task and classes, from the set's features and its target column.

    Raises:
        ValueError: datasets is missing, there is no such set, or its columns are no inputs and target.
    """
    return survey.survey(options).facts


def load(options: Options, seed: int) -> Splits:
    """Pictures as bytes, numbers as float32, or tokens; `seed` has no effect.

    Raises:
        ValueError: as `facts`.
    """
    return encode.splits(options, survey.survey(options))
