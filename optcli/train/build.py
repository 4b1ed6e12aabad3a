"""From a Recipe and a World to the things that `fit` needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from optcli.exits import Exit, Failure
from optcli.parts import find
from optcli.parts._whole import suit
from optcli.parts.optimizers import _groups
from optcli.parts.origin import Misuse, PartFailed, own_home, told
from optcli.recipe.recipe import Recipe
from optcli.train import choices, frugal, sparse
from optcli.train.averages import Averages, Shown
from optcli.train.backward import UpdateInBackward
from optcli.train.batches import Batches
from optcli.train.checkpoint import Stateful
from optcli.train.gate import Gate, ScalingGate, check_finite
from optcli.train.objective import Objective, shape
from optcli.train.probes import Window, layers
from optcli.train.randomness import Randomness
from optcli.train.rates import Moving, Rates
from optcli.train.restore import faithful
from optcli.train.signals import Signals
from optcli.train.startup import without_compiler
from optcli.train.unlisted import unlisted
from optcli.train.update import Update
from optcli.train.world import World


@dataclass
class Built:
    """The part of a training that the recipe alone decides: no files, no journal."""

    splits: Any
    objective: Objective
    batches: Batches
    rates: Rates
    optimizer: torch.optim.Optimizer
    gate: Gate
    window: Window
    update: Update
    randomness: Randomness
    regularizers: dict[str, Any]
    metrics: dict[str, Any]
    names: list[str]
    layers: dict[str, int]
    groups: list[dict[str, Any]]
    info: dict[str, Any]
    notes: list[str]
    """What the recipe asks for and does nothing here."""

    @property
    def state(self) -> dict[str, Stateful]:
        """What has a memory, by name, in the order in which it is restored: the generators come last."""
        model, averages = self.objective.bare, self.objective.averages
        split = {"model": Shown(model, averages), "weights": model} if averages else {"model": model}
        state: dict[str, Any] = {
            **split,
            "optimizer": self.optimizer,
            "schedule": self.rates,
            "batches": self.batches,
            **{f"regularizer.{name}": r for name, r in self.regularizers.items() if hasattr(r, "state_dict")},
        }
        if isinstance(self.gate, ScalingGate):
            state["loss_scale"] = self.gate
        return {**state, "randomness": self.randomness}

    def try_out(self) -> None:
        """Take one batch through model, loss and metrics, so that what doesn't fit says so before anything is written.

        Raises:
            ModelFailed, PartFailed: one of them raised.
        """
        (x, y), numbers = self.batches.at(0)[0], self.randomness.mine()
        self.objective.probe(x, y, backward=not isinstance(self.update, UpdateInBackward))
        self.objective.bare.eval()
        with torch.no_grad():
            output, _ = self.objective.evaluate(x, y)
            for name, metric in self.metrics.items():
                try:
                    _look(metric, output, y)
                except PartFailed:  # an own one says so itself
                    raise
                except Exception as error:
                    raise PartFailed(self._unmeasured(name, output, y, error)) from error
        self.objective.bare.train()
        self.randomness.take(numbers)

    def _unmeasured(self, metric: str, output: Any, y: Tensor, error: Exception) -> str:
        home = own_home(type(self.objective.bare))
        shapes = f"output {shape(output)}, target {shape(y)}"
        return f"{home}: metric {metric} failed on what the model gave, {shapes}: {told(error)}".removeprefix(": ")


def build(recipe: Recipe, world: World, signals: Signals, chosen: Mapping[str, Any] | None = None) -> Built:
    """Everything but the run directory.

    The order matters: seed, data, model (on the CPU, so that every device starts from the same weights), its device,
    then regularizers, optimizer and wrappers.

    Args:
        chosen: what an earlier part of the run has chosen by measuring; used again.

    Raises:
        Failure: the recipe's model or data can't be used, with what to do about it.
    """
    randomness = Randomness(world, recipe.seed)
    splits = _splits(recipe, world)
    model, regularizers = _model(recipe)
    loss = find("loss", recipe.loss.name).build(recipe.loss.options)
    model, info = _placed(recipe, world, model, splits, loss, chosen)
    objective = _objective(recipe, world, model, loss, regularizers, info)
    groups, optimizer, gated = _optimizer(recipe, world, model, splits.train_x, info, regularizers)
    _introduce(regularizers, optimizer, recipe.plan())
    batches = Batches(splits.train_x, splits.train_y, recipe.batch_size, recipe.train.accumulate, recipe.seed, world)
    keepers = [part for part in (*regularizers.values(), optimizer) if hasattr(part, "eval_mode")]
    objective.averages = Averages(model, keepers, batches, objective.output)
    latched = recipe.monitor.nonfinite != "skip"
    gate = ScalingGate(world, latched) if recipe.train.precision == "fp16" else Gate(world, latched)
    step, notes = frugal.stepper(recipe, world, optimizer), [*frugal.notes(recipe, world, info), *unlisted(model)]
    window = Window(world, len(step.params), signals, scaled=gate.scale is not None)
    rates = Rates(recipe.scheduled())
    moving = Moving(rates, optimizer) if rates.moves else None
    parts = info.get("parts", 1)
    update = frugal.update(
        recipe, world, regularizers, objective, step, gate, window, gated=gated, moving=moving, parts=parts
    )
    if info.get("cuda_graphs") and world.device.type == "cuda":  # a run may go on elsewhere

        def drop(why: str) -> None:
            info["cuda_graphs"] = False
            notes.append(why)

        update.record(randomness, max(recipe.train.accumulate, parts), drop)
    randomness.part()
    called = {id(p): name for name, p in model.named_parameters()}
    names = [called[id(p)] for p in step.params]
    return Built(
        splits, objective, batches, rates, optimizer, gate, window, update, randomness, regularizers,
        _metrics(recipe), names, layers(model, names), groups, info, notes,
    )  # fmt: skip


def _look(metric: Any, output: Any, y: Tensor) -> None:
    """A metric's first look at a batch.

    Raises:
        Misuse: it changed what it looked at, which the next metric looks at, too.
    """
    given = [tensor for tensor in (output, y) if isinstance(tensor, Tensor)]
    before = [tensor._version for tensor in given]
    metric.update(output, y)
    if [tensor._version for tensor in given] != before:
        raise Misuse("it changes its arguments in place: work on a copy, such as `output.clone()`")


def _splits(recipe: Recipe, world: World) -> Any:
    if recipe.batch_size % world.size:
        message = f"data.batch_size={recipe.batch_size} can't be shared among {world.size} processes"
        raise Failure(Exit.USAGE, message, f"use a multiple of {world.size}")
    data = recipe.data
    splits = own(lambda: find("data", data.name).load(data.options, recipe.seed), "data", data.name)
    return splits.reconstruction() if recipe.reconstruct else splits


def _model(recipe: Recipe) -> tuple[nn.Module, dict[str, Any]]:
    """The model on the CPU with its first weights, and the regularizers, which may have put layers into it."""
    torch.manual_seed(recipe.seed)
    chosen = recipe.model
    part = find("model", chosen.name)
    model = own(lambda: part.build(chosen.options, recipe.facts), "model", chosen.name)
    if recipe.facts.tokens and not (recipe.facts.inputs or hasattr(part, "function")):  # own ones see to it themselves
        suit(model, recipe.facts, getattr(part, "TAKES", None))
    regularizers = {c.name: find("regularizer", c.name).build(c.options) for c in recipe.regularizers}
    for name, regularizer in regularizers.items():
        if hasattr(regularizer, "on_model"):
            own(partial(regularizer.on_model, model), "regularizer", name)
    check_finite(model, chosen.name)
    _freeze(model, recipe.freeze)
    return model, regularizers


def _placed(
    recipe: Recipe, world: World, model: nn.Module, splits: Any, loss: Any, chosen: Mapping[str, Any] | None
) -> tuple[nn.Module, dict[str, Any]]:
    """The model on its device, and what was chosen by measuring, now or in an earlier part of the run."""
    fitted = choices.fit(recipe, world, model, chosen)
    model = world.place(model.to(world.dtype)).train()
    frugal.shorten(recipe, model)
    data, made = (splits.train_x, splits.train_y), {name for name, _ in model.named_parameters()}
    mine = {} if chosen else {**choices.choose(recipe, world, model, data, loss), **fitted}
    if late := [name for name, _ in model.named_parameters() if name not in made]:
        where = f"{home}: " if (home := own_home(type(model))) else ""
        message = f"{where}model {recipe.model.name} makes `{late[0]}` in its forward pass"
        raise Failure(Exit.USAGE, message, "make it in __init__: a run that goes on would not have it")
    info = dict(chosen or world.tell(mine))
    world.use_threads(info["threads"], 0)
    if info.get("in_place"):
        model.register_forward_pre_hook(_copied)
    return model, info


def _copied(model: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copies of the inputs, for a model that works in place on its own: they may be the data, or needed once more."""
    return tuple(x.clone() for x in inputs)


def _introduce(regularizers: Mapping[str, Any], optimizer: Any, plan: Any) -> None:
    """Tell regularizers of the optimizer and the length of the run, those that ask."""
    for regularizer in regularizers.values():
        if hasattr(regularizer, "on_optimizer"):
            regularizer.on_optimizer(optimizer)
        if hasattr(regularizer, "on_plan"):
            regularizer.on_plan(plan)


def _objective(
    recipe: Recipe, world: World, model: nn.Module, loss: Any, regularizers: Mapping[str, Any], info: Mapping[str, Any]
) -> Objective:
    if info["compile"] and model._compiled_call_impl is None:
        choices.compile_whole(model)
    cast, weights = world.cast if world.dtype == torch.float64 else None, _groups.weights(model)
    if idle := [name for name, part in regularizers.items() if hasattr(part, "penalty") and not weights]:
        message = f"regularizer {idle[0]}: this model has no weights for it: embeddings, norms and biases are none"
        raise Failure(Exit.USAGE, message, f"drop `{idle[0]}`")
    try:
        return Objective(
            world.parallel(model), model, loss, list(regularizers.values()), weights, world.autocast(), cast
        )
    except ValueError as error:
        raise Failure(Exit.USAGE, str(error)) from error


def _freeze(model: nn.Module, patterns: Sequence[str]) -> None:
    try:
        for parameter in [p for pattern in patterns for p in _groups.matching(model, pattern)]:
            parameter.requires_grad_(False)
    except ValueError as error:
        raise Failure(Exit.USAGE, f"model.freeze: {error}") from error


def _optimizer(
    recipe: Recipe,
    world: World,
    model: nn.Module,
    inputs: Any,
    info: Mapping[str, Any],
    regularizers: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], Any, bool]:
    if not info["compile"]:
        without_compiler()
    module, options = find("optimizer", recipe.optimizer.name), recipe.optimizer.options
    cautious = getattr(options, "decay", "") == "cautious"
    asked = recipe.layer_decay != 1 or getattr(module, "BY_LAYER", False)
    order = choices.layer_order(world, model, inputs) if asked else None
    try:
        groups = _groups.groups(
            model, getattr(options, "weight_decay", None) or 0.0, lr=options.lr,
            wishes=recipe.groups, layer_decay=recipe.layer_decay, cautious=cautious, order=order,
        )  # fmt: skip
    except ValueError as error:
        raise Failure(Exit.USAGE, f"optimizer.groups: {error}") from error
    if not groups:
        raise Failure(Exit.USAGE, f"model {recipe.model.name} has no parameters to train")
    sparse.must_fit(recipe, groups, regularizers, world.size)
    try:
        optimizer = module.build(groups, options, world.device.type)
    except ValueError as error:
        raise Failure(Exit.USAGE, f"optimizer {recipe.optimizer.name}: {error}") from error
    faithful(optimizer)
    return groups, optimizer, bool(getattr(module, "GATED", False))


def _metrics(recipe: Recipe) -> dict[str, Any]:
    return {chosen.name: find("metric", chosen.name) for chosen in recipe.metrics}


def own(make: Callable[[], Any], kind: str, name: str) -> Any:
    """Call what may be the user's own code; an error in it is told with its place.

    Raises:
        Failure: it raised something.
    """
    from optcli.train.blame import blamed

    try:
        return make()
    except (Failure, torch.OutOfMemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise blamed(error, kind, name) from error
