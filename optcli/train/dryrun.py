"""The part of `train --dry-run` that needs torch: parameters, their groups, and the memory a step takes."""

from __future__ import annotations

import sys

import torch
from torch import Tensor

from optcli.exits import Exit, Failure
from optcli.parts.optimizers import _groups
from optcli.recipe.recipe import Recipe
from optcli.show import dryrun
from optcli.show.screen import Screen
from optcli.train import blame
from optcli.train.build import Built, build
from optcli.train.objective import ModelFailed
from optcli.train.signals import Signals
from optcli.train.world import Unavailable, World


def show(recipe: Recipe, device: str | None) -> None:
    """Print the resolved recipe, where each value comes from, and what the training would be; nothing is written.

    Raises:
        Failure: it could not be trained.
    """
    try:
        with World(device or recipe.train.device, recipe.train.precision, recipe.train.deterministic) as world:
            built = build(recipe, world, Signals())
            more = [
                *_parameters(recipe, built),
                *_memory(built),
                f"device  {world.device}, {built.info['threads']} threads",
            ]
    except Unavailable as error:
        raise Failure(Exit.USAGE, str(error), error.help) from error
    except ModelFailed as error:
        raise blame.in_step(error, {"model": recipe.model.name, "loss": recipe.loss.name}) from error
    screen = Screen.of(sys.stdout)
    print("\n".join(screen.fit(line) for line in dryrun.lines(recipe, screen, more)))


def _parameters(recipe: Recipe, built: Built) -> list[str]:
    """How many there are, and how the optimizer treats them."""
    total = sum(p.numel() for p in built.objective.bare.parameters())
    described = _groups.describe(built.groups, recipe.optimizer.options.lr)
    return [f"model   {total:,} parameters", *(f"        {line}" for line in described)]


def _memory(built: Built) -> list[str]:
    """An estimate: weights, gradients, the optimizer's state, and what a forward pass keeps for the backward one."""
    model = built.objective.bare
    weights = sum(t.nbytes for t in (*model.parameters(), *model.buffers()))
    grads = sum(p.nbytes for p in model.parameters() if p.requires_grad)
    state = sum(t.nbytes for one in built.optimizer.state.values() for t in one.values() if isinstance(t, Tensor))
    kept = _activations(built)
    told = {"weights": weights, "gradients": grads, "optimizer": state, "activations": kept}
    parts = ", ".join(f"{name} {size / 2**20:.1f}" for name, size in told.items())
    return [f"memory  about {sum(told.values()) / 2**20:.1f} MiB: {parts}"]


def _activations(built: Built) -> int:
    """Bytes that autograd saves in one forward pass, parameters left out."""
    known = {p.untyped_storage().data_ptr() for p in built.objective.bare.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    x, y = built.batches.at(0)[0]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        built.objective(x, y)
    return sum(seen.values())
