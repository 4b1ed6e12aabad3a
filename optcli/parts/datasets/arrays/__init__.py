"""Your own arrays: NPY, NPZ and safetensors files with one row a sample.

    data: {name: arrays, file: pictures.npz, batch_size: 64}
    data: {name: arrays, file: x.npy, target_file: y.npy, validation_file: vx.npy, validation_target_file: vy.npy}

Of an archive, `inputs` and `target` name the arrays; usual names (`x` and `y`, `images` and `labels`, `x_train`,
`y_train`, `x_test` and `y_test` ...) are found without. Whole numbers as targets make it a classification, rows of 0
and 1 one with several labels a sample (`multilabel`), others a regression, rows of tokens a language task.

Numbers are taken as they are, unless `scale` says otherwise; only bytes (uint8) are shades of pictures, brought to -1
.. 1. Pictures are (N, height, width), (N, height, width, channels) or (N, channels, height, width). Rows of tokens with
a target each, such as texts to be classified, are told by `pad`. NPY and safetensors files may be larger than memory:
float and byte inputs and tokens (int16, int32, int64) are mapped, and read batch by batch. That needs either files for
validation or `split: tail`; a random split copies. Inputs that are in both parts are reported, up to 1 GiB and two
million samples.

Source of the formats: `numpy.lib.format`; github.com/huggingface/safetensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt

from optcli.parts.datasets import Splits
from optcli.parts.datasets.arrays import read, survey
from optcli.parts.facts import Facts
from optcli.units import STRICT, Count


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    file: str
    """The inputs: an NPY file, or an archive (NPZ, safetensors) with inputs and targets."""
    target_file: str | None = None
    """The targets, where they are in a file of their own."""
    inputs: str | None = None
    """Name of the inputs in an archive."""
    target: str | None = None
    """Name of the targets in an archive."""
    task: Literal["auto", "classification", "multilabel", "regression", "language"] = "auto"
    """By default whole numbers as targets make it a classification, rows of 0 and 1 `multilabel`, rows as long as the
    inputs' a language."""
    classes: Count | None = None
    """Classes, or different tokens, counted from 0; by default found by reading all targets."""
    split: Literal["random", "tail", "grouped"] = "random"
    """Validation samples are drawn at random, of each class its share, or are the last ones (memory: see above), or
    those of whole groups."""
    groups: str | None = None
    """Name of an array in the archive of whole numbers: samples with the same one stay in one part."""
    scale: Literal["none", "standard"] = "none"
    """`standard`: inputs get mean 0 and variance 1 over the training part, each feature, or each channel of pictures;
    they are read into memory."""
    pad: Annotated[int, Ge(-1)] | None = None
    """Inputs are rows of tokens, with a target a row, and this one (often 0) fills them up; -1 where none does."""
    validation: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Share of the samples that are for validation."""
    validation_file: str | None = None
    """A second file like `file`: all of it is for validation, and all of `file` for training."""
    validation_target_file: str | None = None
    """The targets of `validation_file`, where they are in a file of their own."""
    split_seed: int = 0
    """Another number draws other validation samples. The recipe's `seed` doesn't touch it."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options.groups is not None and options.split != "grouped":
        return [("groups", f"`groups` has no effect on a split that is {options.split}", "set `split: grouped`")]
    if options.pad is not None and options.scale != "none":
        return [("pad", "tokens, as `pad` says, can't be scaled", "remove one of them")]
    if options.split != "random" and options.validation_file:
        return [("split", "`split` has no effect beside `validation_file`", "remove one of them")]
    return []


def facts(options: Options) -> Facts:
    """Sizes, shape and task from the headers; classes from reading the targets (again only when a file has changed).

    Raises:
        OSError: a file can't be read.
        ValueError: a file is damaged, or its arrays are not inputs and targets; the message names file and array.
    """
    return survey.survey(options).facts


def load(options: Options, seed: int) -> Splits:
    """Inputs (N, ...), mapped from the file where they can be, and labels, targets or tokens; `seed` has no effect.

    Raises:
        OSError, ValueError: as `facts`.
    """
    return read.splits(options, survey.survey(options))
