"""What a data set says of itself before it is loaded: enough to check a recipe's values without torch or numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["float", "int", "bool"]
Task = Literal["classification", "multilabel", "regression", "language"]


@dataclass(frozen=True, slots=True)
class Input:
    """One of several inputs of a sample: its key, or its place ("0", "1", ...), its shape without the batch axis."""

    name: str
    shape: tuple[int, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Facts:
    """Sizes and shapes of a data set, as a model's and a loss's `build` need them.

    `shape` is one sample's input without the batch axis: (features,), (channels, height, width) or (context,) of token
    numbers. `outputs` is what the model must give for one sample: the number of classes (of which one applies, with
    `multilabel` any number), of regression targets, or of different tokens. `names` tells what the classes or features
    are called, where known.
    """

    task: Task
    train: int
    """Training samples."""
    val: int
    """Validation samples."""
    shape: tuple[int, ...]
    outputs: int
    target_variance: float | None = None
    """Of the validation targets (regression): the mean squared error of the best constant guess."""
    names: tuple[str, ...] = ()
    columns: tuple[int, ...] = ()
    """How many features each column of a table became, in their order; empty where there is no table."""
    alike: str = ""
    """What is said where the target is the same in all training samples, so that there is nothing to learn."""

    dense: bool = False
    """Whether there is a label for each position or pixel of a sample: (N, length) or (N, height, width) of them."""

    inputs: tuple[Input, ...] = ()
    """The inputs of a sample where an own data set gives several, side by side in `shape`."""
    tokens: int = 0
    """How many numbers an embedding of the inputs needs, where they, or some of several, are 0, 1, 2, ... and the
    target isn't the next one; else 0."""
    pad: int | None = None
    """The token that fills up the rest of a sample, where samples are texts of different lengths."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What models may take the inputs for, the usual first: `vector`, `image`, `tokens`, `several`."""
        if any(one.kind != "float" for one in self.inputs):
            return ("several",)
        if self.task == "language" or self.pad is not None:
            return ("tokens",)
        if len(self.shape) == 3:
            return ("image",)
        return ("vector", "tokens") if self.tokens and len(self.shape) == 1 else ("vector",)

    def reconstruction(self) -> Facts:
        """The facts where the target is the input itself: a regression with as many targets as a sample has numbers.

        Raises:
            ValueError: the inputs are tokens.
        """
        if self.kinds == ("tokens",):
            raise ValueError("tokens can't be reconstructed; remove `reconstruct`")
        count = math.prod(self.shape)
        return replace(
            self, task="regression", outputs=count, target_variance=None, names=(), alike="", dense=False
        )  # fmt: skip
