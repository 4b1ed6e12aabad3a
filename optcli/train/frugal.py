"""The options that trade time for memory, put in their places; each says why it can't be had."""

from __future__ import annotations

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


def slow_format(recipe: Recipe, world: World) -> list[str]:
    """What to tell about a precision that saves memory and costs time here."""
    emulated = world.device.type == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX2"
    if recipe.train.precision != "bf16" or not emulated:
        return []
    return ["train.precision=bf16: this processor has no instructions for it, steps take several times longer"]


def stepper(recipe: Recipe, world: World, optimizer: torch.optim.Optimizer) -> tuple[_direct.Step, list[str]]:
    """`offload`: the optimizer's step, and what to tell the user."""
    if recipe.train.offload == "none":
        return _direct.stepper(optimizer), []
    if world.device.type == "cpu":
        note = "train.offload=optimizer has no effect on a CPU: the state is in the host's memory already"
        return _direct.stepper(optimizer), [note]
    try:
        return Offloaded(optimizer, world), []
    except Together as error:
        raise _together(recipe, "offload") from error


def update(recipe: Recipe, world: World) -> type[Update]:
    """`optimizer_in_backward`: which kind of update.

    Raises:
        Failure: gradients come from several processes.
    """
    if not recipe.train.optimizer_in_backward:
        return Update
    if world.size > 1:
        message = "train.optimizer_in_backward can't be used with several processes: their gradients are averaged first"
        raise Failure(Exit.USAGE, message, "remove it, or train in one process")
    return UpdateInBackward


def _together(recipe: Recipe, key: str) -> Failure:
    message = f"train.{key} can't be used with {recipe.optimizer.name}: it steps all parameters together"
    return Failure(Exit.USAGE, message, "choose adam, adamw, sgd, lion or rmsprop")
