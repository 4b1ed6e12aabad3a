"""The options that trade time for memory, put in their places; each says why it can't be had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from optcli.exits import Exit, Failure
from optcli.parts.optimizers import _direct
from optcli.recipe.recipe import Recipe
from optcli.train.backward import Together, UpdateInBackward
from optcli.train.offload import Offloaded
from optcli.train.update import Update
from optcli.train.world import World


def shorten(recipe: Recipe, model: nn.Module) -> None:
    """`activation_checkpointing`: less is kept between forward and backward pass.

    Raises:
        Failure: the model has no repeated blocks.
    """
    wish = recipe.train.activation_checkpointing
    if not wish:
        return
    from optcli.train.recompute import recompute

    try:
        recompute(model, 1 if wish is True else int(wish.removeprefix("every ")))
    except ValueError as error:
        message = f"train.activation_checkpointing can't be used with model {recipe.model.name}: {error}"
        raise Failure(Exit.USAGE, message, "remove it, or choose gpt, vit, resnet or cnn") from error


def notes(recipe: Recipe, world: World, info: Mapping[str, Any]) -> list[str]:
    """What the recipe asks for and does nothing here, or costs what one wouldn't think; `info` is what was chosen."""
    train, on_cpu = recipe.train, world.device.type == "cpu"
    free = recipe.optimizer.name.startswith("schedule_free")
    means = [r.name for r in recipe.regularizers if r.name in ("ema", "swa")]
    told = {
        "train.precision=bf16: this processor has no instructions for it, steps take several times longer": (
            train.precision == "bf16" and on_cpu and torch.backends.cpu.get_cpu_capability() == "AVX2"
        ),
        "train.offload=optimizer has no effect on a CPU: the state is in the host's memory already": (
            train.offload != "none" and on_cpu
        ),
        "train.cuda_graphs=true has no effect here: it is for one process on a CUDA device": (
            train.cuda_graphs is True and not info.get("cuda_graphs")
        ),
        "train.channels_last=true has no effect: the model has no two-dimensional convolutions": (
            train.channels_last is True and not info.get("channels_last")
        ),
        "train.onednn=true has no effect: it is for linear layers in fp32 on a CPU": (
            train.onednn is True and not info.get("onednn")
        ),
        f"train.threads={train.threads} comes too late: the run began with {info['threads']}, and keeps to that": (
            train.threads not in ("auto", info["threads"])
        ),
        f"schedule={recipe.schedule.name}: {recipe.optimizer.name} is made for a constant rate, its mean of weights "
        "takes the place of a decay": (free and recipe.schedule.name not in ("constant", "plateau")),
        f"regularizers.{', '.join(means)}: {recipe.optimizer.name} is evaluated at a mean of the weights already": (
            free and bool(means)
        ),
        "the model changes its input in place, so each pass gets a copy: `x = x / 2` does no more than `x /= 2` then": (
            bool(info.get("in_place"))
        ),
    }
    return [note for note, true in told.items() if true]


def stepper(recipe: Recipe, world: World, optimizer: torch.optim.Optimizer) -> _direct.Step:
    """`offload`: the optimizer's step.

    Raises:
        Failure: the optimizer can't step one parameter by itself.
    """
    if recipe.train.offload == "none" or world.device.type == "cpu":
        return _direct.stepper(optimizer)
    try:
        return Offloaded(optimizer, world)
    except Together as error:
        raise _together(recipe, "offload") from error


def update(recipe: Recipe, world: World, regularizers: Mapping[str, Any], *parts: Any, **options: Any) -> Update:
    """`optimizer_in_backward`: the update, of the kind that was asked for.

    Raises:
        Failure: gradients come from several processes, or something needs all of them before the step.
    """
    given = *parts, world, list(regularizers.values())
    if not recipe.train.optimizer_in_backward:
        return Update(*given, **options)
    if world.size > 1:
        message = "train.optimizer_in_backward can't be used with several processes: their gradients are averaged first"
        raise Failure(Exit.USAGE, message, "remove it, or train in one process")
    for name, part in regularizers.items():
        if hasattr(part, "on_grads") or hasattr(part, "ascend"):
            message = f"train.optimizer_in_backward frees each gradient at once, and {name} looks at all of them"
            raise Failure(Exit.USAGE, message, "remove one of them")
    try:
        return UpdateInBackward(*given, **options)
    except Together as error:
        raise _together(recipe, "optimizer_in_backward") from error


def _together(recipe: Recipe, key: str) -> Failure:
    message = f"train.{key} can't be used with {recipe.optimizer.name}: it steps all parameters together"
    return Failure(Exit.USAGE, message, "choose adam, adamw, sgd, lion or rmsprop")
