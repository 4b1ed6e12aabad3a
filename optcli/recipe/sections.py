"""The sections of a recipe that are not parts: what may stand in them, and what holds if it doesn't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Gt, Le
from pydantic import Field

from optcli.parts.schedules._course import Course
from optcli.units import STRICT, Count, Duration, NonNegative, Positive, Rate, Share

TOP: Final = (
    "name", "seed", "data", "model", "loss", "metrics", "optimizer", "schedule", "regularizers", "train", "monitor",
    "tune",
)  # fmt: skip
"""The top keys, in the order in which recipes are written; besides them only `extends`."""
SLOTS: Final = ("data", "model", "loss", "optimizer", "schedule")
"""Top keys that name one part; the kind of part is called the same."""
LISTS: Final = {"metrics": "metric", "regularizers": "regularizer"}
"""Top keys that list parts -> the kind of part."""
FIRST_CHOICE: Final = {"optimizer": "adam", "schedule": "constant"}
"""The part that a slot holds if the recipe doesn't say: the classical starting point."""

_BY_TASK = {
    "classification": ("mlp", "cross_entropy", "accuracy"),
    "multilabel": ("mlp", "bce", "accuracy"),
    "regression": ("mlp", "mse", "r2"),
    "language": ("gpt", "cross_entropy", "bits_per_char"),
    "reconstruction": ("autoencoder", "mse", "r2"),
}
BY_TASK: Final = {
    slot: {task: names[at] for task, names in _BY_TASK.items()} for at, slot in enumerate(("model", "loss", "metrics"))
}
"""Top key -> task of the data, or `reconstruction` -> the part that it holds if the recipe doesn't say."""

Long = Annotated[int, Ge(1), Le(1_000_000_000)]
Act = Literal["warn", "stop", "ignore"]
Code = Annotated[str, Field(pattern=r"^[A-Z]{3}[0-9]{3}$", description="the code of a finding, such as OPT101")]
Device = Annotated[
    str, Field(pattern=r"^(auto|cpu|mps|(cuda|xpu|hpu)(:[0-9]{1,3})?)$", description="auto, cpu, cuda, cuda:1 or mps")
]
Every = Annotated[str, Field(pattern=r"^every [1-9][0-9]{0,3}$", description="every N, as in `every 2`")]
Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$",
        description="the name of a directory: letters, digits, `_`, `-`, `.` and `+`, at most 100",
    ),
]


@dataclass(frozen=True)
class Head:
    """What identifies a recipe."""

    __pydantic_config__ = STRICT

    name: Name = "recipe"
    """Names the runs' directory; the file's name if left out."""
    seed: Annotated[int, Ge(0), Le(2**32 - 1)] = 0
    """Of everything drawn at random: initial weights, order of the samples, dropout."""


@dataclass(frozen=True)
class Batches:
    """What belongs to `data` whatever the data set is."""

    __pydantic_config__ = STRICT

    batch_size: Long = 64
    """Samples a forward pass sees at once."""
    reconstruct: bool = False
    """The target is the input itself, as an autoencoder needs it; with `input_noise` the clean one."""


@dataclass(frozen=True)
class Group:
    """What is different for some of the parameters."""

    __pydantic_config__ = STRICT

    lr: Positive | None = None
    """Learning rate, whatever the others have; the schedule multiplies it as theirs."""
    lr_scale: Positive = 1.0
    """Factor of the optimizer's learning rate."""
    weight_decay: NonNegative | None = None
    """Instead of the optimizer's; the same if left out."""


@dataclass(frozen=True)
class Grouping:
    """What belongs to `optimizer` whichever it is."""

    __pydantic_config__ = STRICT

    groups: dict[str, Group] = field(default_factory=dict)
    """Parameters that are treated differently: their path (`head`, `blocks.0`, `*.bias`) or a type of layer
    (`LayerNorm`) -> `lr` or `lr_scale`, and `weight_decay`; the last that matches counts."""
    layer_decay: Annotated[float, Gt(0), Le(1)] = 1.0
    """Factor of each layer's rate to that of the layer above it: below 1 for fine-tuning."""


@dataclass(frozen=True)
class Freezing:
    """What belongs to `model` whichever it is."""

    __pydantic_config__ = STRICT

    freeze: tuple[str, ...] = ()
    """Parameters that are not trained: their path (`blocks.0`, `token`) or a type of layer (`Embedding`)."""


@dataclass(frozen=True)
class Pace:
    """What belongs to `schedule` whichever it is."""

    __pydantic_config__ = STRICT

    unit: Literal["step", "epoch"] = "step"
    """How often the rate changes once the warm-up is over: at each step, or at the beginning of each epoch."""
    momentum: tuple[Rate, Rate] | Course | None = None
    """Momentum (`betas[0]` of Adam and its like): its values where the rate is at its peak and where it is lowest, as
    in [0.85, 0.95], or a way of its own, as in {start: 0.85, end: 0.95, over: 300}."""
    weight_decay: tuple[Share, Share] | Course | None = None
    """Factor of the optimizer's weight decay, in the same two forms: [1, 0] lets it follow the rate."""
    min_lr: NonNegative | None = None
    """Floor of the rate itself, in place of `min_ratio`, which is its share of the peak."""


@dataclass(frozen=True)
class Train:
    """How long and on what to train."""

    __pydantic_config__ = STRICT

    epochs: Long | None = None
    """Passes over the training data; 5 if neither epochs nor steps are given."""
    steps: Long | None = None
    """Optimizer steps; give either epochs or steps."""
    eval_every: Duration = Duration(1, "epochs")
    """How often to validate; it is done at the end in any case."""
    checkpoint_every: Duration = Duration(1, "epochs")
    """How often to save; it is done at the end in any case."""
    keep: Count = 3
    """Checkpoints to keep, besides the best one."""
    target: float | dict[str, float] | None = None
    """Stop when a metric reaches this value: a number for the first metric, or {metric: value}."""
    accumulate: Count = 1
    """Batches whose gradients make one step."""
    precision: Literal["fp32", "tf32", "bf16", "fp16", "fp64"] = "fp32"
    """Number format of the forward and backward pass; weights are kept in fp32, with `fp64` in fp64. A step in fp64 is
    summed from eighths, so that `accumulate` 2, 4 and 8 give the bits of the big batch (not with batch norm)."""
    compile: Literal["auto", "on", "off"] = "auto"
    """Whether to compile the model; `auto` does where the steps of the run win back more than compiling takes."""
    channels_last: Literal["auto"] | bool = "auto"
    """Keep images and the weights of convolutions with the channels last in memory; `auto` does with bf16 and fp16, and
    on a CPU with fp32."""
    onednn: Literal["auto"] | bool = "auto"
    """Compute linear layers on a CPU in fp32 by oneDNN and not by the BLAS; `auto` does on AMD's processors, where MKL
    runs at half speed."""
    cuda_graphs: Literal["auto"] | bool = "auto"
    """Record forward and backward pass once and play them back; `auto` does for small models on CUDA."""
    activation_checkpointing: bool | Every = False
    """Compute activations of repeated blocks again instead of keeping them: `true`, or `every 2` for each second one.
    Less memory, about a third more time, the same numbers."""
    optimizer_in_backward: bool = False
    """Step each parameter as soon as its gradient is there and free that: memory for the largest gradient only."""
    offload: Literal["none", "optimizer"] = "none"
    """Keep the optimizer's state in the host's memory; for accelerators, slower."""
    threads: Literal["auto"] | Annotated[int, Ge(1), Le(1024)] = "auto"
    """CPU threads; `auto` takes one for small steps, else as many as there are free cores."""
    device: Device = "auto"
    """`auto`, `cpu`, `cuda`, `cuda:1`, `mps`."""
    deterministic: bool = False
    """Only kernels that give the same bits each time, also on GPUs; slower."""


@dataclass(frozen=True)
class Monitor:
    """What to do about findings while training."""

    __pydantic_config__ = STRICT

    error: Act = "warn"
    """On a finding of severity error."""
    warning: Act = "warn"
    """On a finding of severity warning."""
    nonfinite: Literal["stop", "skip", "rollback"] = "stop"
    """On a NaN or infinity in the loss or a gradient."""
    ignore: tuple[Code, ...] = ()
    """Codes of findings that are not reported."""


@dataclass(frozen=True)
class Choices:
    """Values that tuning chooses from."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """Numbers that tuning chooses from, both ends included."""

    __pydantic_config__ = STRICT

    min: float | int
    """The smallest."""
    max: float | int
    """The largest."""
    log: bool = False
    """Choose evenly among the logarithms: right for rates and strengths."""


@dataclass(frozen=True)
class Chosen:
    """A part that a recipe names, with its options checked."""

    kind: str
    name: str
    options: Any


COMMON: Final[Mapping[str, type]] = {"data": Batches, "model": Freezing, "optimizer": Grouping, "schedule": Pace}
"""Slot -> what may stand in it beside the part's own options."""
Tune = Mapping[str, Choices | Range]
