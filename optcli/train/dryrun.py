"""The part of `train --dry-run` that needs torch: parameters, their groups, and the memory a step takes."""

from __future__ import annotations

import sys

from optcli.exits import Exit, Failure
from optcli.parts.optimizers import _groups
from optcli.recipe.recipe import Recipe
from optcli.show import dryrun
from optcli.show.screen import Screen
from optcli.train import blame, footprint
from optcli.train.backward import UpdateInBackward
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
    taken = built.optimizer.param_groups  # some optimizers split them further
    groups = taken if all("name" in group and "lr_scale" in group for group in taken) else built.groups
    described = _groups.describe(groups, recipe.optimizer.options.lr)
    return [f"model   {total:,} parameters", *(f"        {line}" for line in described)]


def _memory(built: Built) -> list[str]:
    """An estimate: weights, gradients, the state of optimizer and regularizers, and what a forward pass keeps."""
    batch, freed = built.batches.at(0)[0], isinstance(built.update, UpdateInBackward)
    told = footprint.sizes(built.objective, built.optimizer, batch, freed, built.state)
    parts = ", ".join(f"{name.replace('_', ' ')} {size / 2**20:.1f}" for name, size in told.items())
    return [f"memory  about {sum(told.values()) / 2**20:.1f} MiB: {parts}"]
