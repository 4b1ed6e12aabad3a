"""From a Recipe and a World to the things that `fit` needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from optcli.exits import Exit, Failure
from optcli.parts import find
from optcli.parts.optimizers import _direct, _groups
from optcli.parts.schedules import Plan
from optcli.recipe.recipe import Recipe
from optcli.train import sparse
from optcli.train.averages import Averages, Shown
from optcli.train.batches import Batches
from optcli.train.checkpoint import Stateful
from optcli.train.gate import Gate, ScalingGate
from optcli.train.inputs import ready
from optcli.train.objective import Objective
from optcli.train.probes import Window
from optcli.train.randomness import Randomness
from optcli.train.rates import Rates
from optcli.train.signals import Signals
from optcli.train.startup import without_compiler
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
    groups: list[dict[str, Any]]
    info: dict[str, Any]

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
        (x, y), state = self.batches.at(0)[0], self.randomness.state_dict()
        self.objective.probe(x, y)
        self.objective.bare.eval()
        with torch.no_grad():
            output, _ = self.objective.evaluate(x, y)
            for metric in self.metrics.values():
                metric.update(output, y)
        self.objective.bare.train()
        self.randomness.load_state_dict(state)


def build(recipe: Recipe, world: World, signals: Signals, chosen: Mapping[str, Any] | None = None) -> Built:
    """Everything but the run directory.

    The order matters: seed, data, model (on the CPU, so that every device starts from the same weights), its device,
    then regularizers, optimizer and wrappers.

    Args:
        chosen: what an earlier part of the run has chosen by measuring; used again.

    Raises:
        Failure: the recipe's model or data can't be used, with what to do about it.
    """
    if recipe.batch_size % world.size:
        message = f"data.batch_size={recipe.batch_size} can't be shared among {world.size} processes"
        raise Failure(Exit.USAGE, message, f"use a multiple of {world.size}")
    randomness = Randomness(world, recipe.seed)
    splits = own(
        lambda: find("data", recipe.data.name).load(recipe.data.options, recipe.seed), "data", recipe.data.name
    )
    torch.manual_seed(recipe.seed)
    model = own(
        lambda: find("model", recipe.model.name).build(recipe.model.options, recipe.facts), "model", recipe.model.name
    )
    regularizers = {c.name: find("regularizer", c.name).build(c.options) for c in recipe.regularizers}
    for name, regularizer in regularizers.items():
        if hasattr(regularizer, "on_model"):
            own(partial(regularizer.on_model, model), "regularizer", name)
    check_finite(model, recipe.model.name)
    _freeze(model, recipe.freeze)
    model = world.place(model).train()
    info = dict(chosen or {}) or choose(recipe, world, model, splits.train_x[: recipe.batch_size])
    world.use_threads(info["threads"], 0)
    objective = _objective(recipe, world, model, regularizers, info)
    groups, optimizer, gated = _optimizer(recipe, world, model, regularizers)
    plan = recipe.plan()
    for regularizer in regularizers.values():
        if hasattr(regularizer, "on_optimizer"):
            regularizer.on_optimizer(optimizer)
        if hasattr(regularizer, "on_plan"):
            regularizer.on_plan(plan)
    batches = Batches(splits.train_x, splits.train_y, recipe.batch_size, recipe.train.accumulate, recipe.seed, world)
    keepers = [part for part in (*regularizers.values(), optimizer) if hasattr(part, "eval_mode")]
    objective.averages = Averages(model, keepers, batches, objective.autocast)
    latched = recipe.monitor.nonfinite != "skip"
    gate = ScalingGate(world, latched) if recipe.train.precision == "fp16" else Gate(world, latched)
    step = _direct.stepper(optimizer)
    window = Window(world, len(step.params), signals, scaled=gate.scale is not None)
    update = Update(objective, step, gate, window, world, list(regularizers.values()), gated=gated)
    rates = Rates(recipe.schedule, Plan.of(recipe.schedule.options, plan.total, plan.per_epoch))
    randomness.part()
    called = {id(p): name for name, p in model.named_parameters()}
    return Built(
        splits, objective, batches, rates, optimizer, gate, window, update, randomness, regularizers,
        _metrics(recipe), [called[id(p)] for p in step.params], groups, info,
    )  # fmt: skip


def choose(recipe: Recipe, world: World, model: nn.Module, x: Any) -> dict[str, Any]:
    """What is decided once for a run: threads, by the work in a step with the inputs `x`, and whether to compile.

    Compiling is left to the user: on a CPU it takes longer than most runs can win back.
    """
    work = 3 * forward_work(model, ready(world.tensor(x))) if recipe.train.threads == "auto" else 0.0
    threads = world.use_threads(recipe.train.threads, work)
    return {"threads": threads, "compile": recipe.train.compile == "on", "precision": recipe.train.precision}


@torch.no_grad()
def forward_work(model: nn.Module, x: torch.Tensor) -> float:
    """Multiplications and additions of a forward pass, as far as modules with a weight matrix do them."""
    work = [0.0]

    def count(module: nn.Module, inputs: Any, output: Any) -> None:
        weight = getattr(module, "weight", None)
        if isinstance(output, torch.Tensor) and isinstance(weight, torch.Tensor) and weight.ndim > 1:
            work[0] += 2.0 * output.numel() * weight[0].numel()

    counted = [m for m in model.modules() if not isinstance(m, nn.Embedding)]
    hooks = [module.register_forward_hook(count) for module in counted]
    model.eval()
    try:
        model(x)
    except (Exception, SystemExit):
        return 0.0  # the first real batch says what is wrong, with its place
    finally:
        model.train()
        for hook in hooks:
            hook.remove()
    return work[0]


def _objective(
    recipe: Recipe, world: World, model: nn.Module, regularizers: Mapping[str, Any], info: Mapping[str, Any]
) -> Objective:
    if info["compile"]:
        compile_whole(model)
    loss = find("loss", recipe.loss.name).build(recipe.loss.options)
    try:
        context = world.autocast()
        return Objective(
            world.parallel(model), model, loss, list(regularizers.values()), _groups.weights(model), context
        )
    except ValueError as error:
        raise Failure(Exit.USAGE, str(error)) from error


def compile_whole(model: nn.Module) -> None:
    """Compile the model's call, without wrapping it, so that its weights keep their names.

    `model.compile()` leaves out functions that are torch's own, and so all of a model that is an `nn.Sequential`.
    """
    call: Any = model._call_impl
    model._compiled_call_impl = torch.compile(lambda *inputs: call(*inputs))


def _freeze(model: nn.Module, patterns: Sequence[str]) -> None:
    try:
        for parameter in [p for pattern in patterns for p in _groups.matching(model, pattern)]:
            parameter.requires_grad_(False)
    except ValueError as error:
        raise Failure(Exit.USAGE, f"model.freeze: {error}") from error


def _optimizer(
    recipe: Recipe, world: World, model: nn.Module, regularizers: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], Any, bool]:
    if recipe.train.compile != "on":
        without_compiler()
    module, options = find("optimizer", recipe.optimizer.name), recipe.optimizer.options
    cautious = getattr(options, "decay", "") == "cautious"
    try:
        groups = _groups.groups(
            model, getattr(options, "weight_decay", None) or 0.0, lr=options.lr,
            wishes=recipe.groups, layer_decay=recipe.layer_decay, cautious=cautious,
        )  # fmt: skip
    except ValueError as error:
        raise Failure(Exit.USAGE, f"optimizer.groups: {error}") from error
    if not groups:
        raise Failure(Exit.USAGE, f"model {recipe.model.name} has no parameters to train")
    sparse.must_fit(recipe, groups, regularizers, world.size)
    try:
        return groups, module.build(groups, options, world.device.type), bool(getattr(module, "GATED", False))
    except ValueError as error:
        raise Failure(Exit.USAGE, f"optimizer {recipe.optimizer.name}: {error}") from error


def _metrics(recipe: Recipe) -> dict[str, Any]:
    return {chosen.name: find("metric", chosen.name) for chosen in recipe.metrics}


def check_finite(model: nn.Module, name: str) -> None:
    """Weights must be numbers before the first step.

    Raises:
        Failure: some are NaN or infinite; names the parameter.
    """
    for path, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            message = f"model {name}: `{path}` is not finite before the first step"
            raise Failure(Exit.USAGE, message, "look at how the model initializes it")


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
