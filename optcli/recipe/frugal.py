"""Values of `train` that save memory or time and exclude other values: checks, as in `optcli.recipe.meaning`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from optcli.parts.schedules._course import MOVING
from optcli.recipe.sections import Chosen, Monitor, Pace, Train

Troubles = Iterator[tuple[str, str, str]]
"""Path, what is wrong, what to do."""

ALONE: Final = ("adam", "adamw", "lion", "rmsprop", "sgd")
"""Optimizers that can step one parameter by itself."""
ON_GRADIENTS: Final = frozenset({"agc", "clip_norm", "clip_value", "gradient_noise", "sam", "zclip"})
"""Regularizers that want the gradients of all parameters before the step."""
NEW_EACH_STEP: Final = frozenset({"cutmix", "input_noise", "mixup", "r_drop", "sam"})
"""Regularizers whose part of the forward pass is another one in every step."""


def memory(train: Train, optimizer: Chosen) -> Troubles:
    """Ways to save memory that exclude each other, or go with some optimizers only."""
    able = optimizer.name in ALONE and getattr(optimizer.options, "decay", "") != "cautious"
    for key, wanted in (("optimizer_in_backward", train.optimizer_in_backward), ("offload", train.offload != "none")):
        if wanted and not able:
            told = f"`{key}` steps each parameter by itself, and `{optimizer.name}` can't"
            yield f"train.{key}", f"{told} as it is set here", f"choose {', '.join(ALONE)}, not with `decay: cautious`"
    if train.optimizer_in_backward and train.offload != "none":
        yield "train.offload", "`offload` and `optimizer_in_backward` both replace the optimizer's step", "keep one"
    if train.offload != "none" and train.device == "cpu":
        message = "`offload` moves the optimizer's state to the host's memory, and the device is cpu"
        yield "train.offload", message, "remove it"
    if train.activation_checkpointing and train.compile == "on":
        message = "a compiled model decides by itself which activations to compute again"
        yield "train.activation_checkpointing", message, "keep one of them, or set `compile: auto`"


def in_backward(train: Train, regularizers: tuple[Chosen, ...], monitor: Monitor, pace: Pace) -> Troubles:
    """What needs all gradients at once, where each is gone as soon as it is there."""
    if not train.optimizer_in_backward:
        return
    path, key = "train.optimizer_in_backward", "`optimizer_in_backward` frees each gradient at once"
    if train.accumulate > 1:
        yield path, f"{key}, and `accumulate` sums them up", "use a larger batch, or remove one of them"
    for part in regularizers:
        if part.name in ON_GRADIENTS:
            yield path, f"{key}, and `{part.name}` looks at all of them before the step", "remove one of them"
    if train.precision == "fp16":
        message = f"{key}; with fp16 all of them decide whether a step counts"
        yield path, message, "use bf16, which has no loss scale"
    for name in MOVING:
        if getattr(pace, name) is not None:
            yield f"schedule.{name}", f"with `optimizer_in_backward` {name} stays as it is", "remove one of them"
    if monitor.nonfinite == "skip":
        message = f"{key}; a step that turns out bad half-way has moved some weights, and can't be skipped"
        yield path, message, "set `monitor.nonfinite` to stop or rollback"


def recorded(train: Train, regularizers: tuple[Chosen, ...]) -> Troubles:
    """CUDA graphs play back what was recorded, so nothing may be new in a step but numbers."""
    if train.cuda_graphs is not True:
        return
    if train.device not in ("auto", "cuda") and not train.device.startswith("cuda:"):
        yield "train.cuda_graphs", f"`cuda_graphs` are for CUDA, and the device is {train.device}", "remove it"
    for part in regularizers:
        if part.name in NEW_EACH_STEP:
            told = f"`{part.name}` does something new in every step, which `cuda_graphs` would only play back"
            yield "train.cuda_graphs", told, "remove one of them"
    others = (train.compile == "on", train.optimizer_in_backward, bool(train.activation_checkpointing))
    for key, on in zip(("compile", "optimizer_in_backward", "activation_checkpointing"), others, strict=True):
        if on:
            yield "train.cuda_graphs", f"`cuda_graphs` and `{key}` both replace the passes", "keep one of them"
