"""Values that can't be meant: each may be right by itself, but not with the others or with the data.

A check is a function whose parameters name what it looks at (`facts`, `plan`, or a key of the recipe). It runs when all
of that could be made, so that one mistake never causes a second message. It yields (path, what is wrong, what to do).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from optcli import parts
from optcli.parts import schedules
from optcli.parts.facts import Facts
from optcli.recipe import frugal, pace, targets
from optcli.recipe.frugal import Troubles
from optcli.recipe.plan import Plan
from optcli.recipe.sections import Chosen, Group, Monitor, Train
from optcli.recipe.spelling import hint
from optcli.units import Duration

NORMALISED: Final = frozenset({"adagrad", "adam", "adamax", "adamw", "nadam", "radam", "rmsprop", "rprop"})
"""Optimizers whose step in each weight is about the rate itself, whatever the gradient."""
HIGHEST_NORMALISED: Final = 10.0
"""Weights begin below 1 (at most 1 / sqrt(inputs)): one step at this rate throws them ten times farther."""
HIGHEST: Final = 100.0
"""For steps in proportion to the gradient: training at a few units is rare, at a hundred unheard of."""
PROXIMAL: Final = frozenset({"elastic_net", "group_lasso", "l1", "max_norm"})
"""Regularizers that change the weights themselves."""
STEADY: Final = frozenset({"early_stopping", "ema", "l2", "label_smoothing", "swa"})
"""Regularizers that leave gradients and weights alone, and give a batch the same loss each time."""
WASTE: Final = 0.1
"""Share of an epoch's batches that may be left over, because they don't fill a step."""
EACH_EPOCH: Final = Duration(1, "epochs")


def rate(optimizer: Chosen) -> Troubles:
    """Rates that no training survives, and decay that erases the weights."""
    lr, decay = getattr(optimizer.options, "lr", 0.0), getattr(optimizer.options, "weight_decay", 0.0)
    highest = HIGHEST_NORMALISED if optimizer.name in NORMALISED else HIGHEST
    if lr > highest:
        message = f"a rate of {lr:g} is beyond any use of {optimizer.name}"
        yield "optimizer.lr", message, f"at most {highest:g}; start at 1e-3"
    elif getattr(optimizer.options, "decay", "") == "decoupled" and lr * decay >= 1:
        help = "choose weight_decay below 1 / lr; 0.01 to 0.1 is usual"
        yield "optimizer.weight_decay", f"lr * weight_decay is {lr * decay:g}: each step would erase the weights", help


def idle_options(optimizer: Chosen) -> Troubles:
    """Options that do nothing because another one is off."""
    o = optimizer.options
    if getattr(o, "nesterov", False) and not getattr(o, "momentum", 1) and ":" not in optimizer.name:
        yield "optimizer.nesterov", "`nesterov` has no effect without momentum", "add `momentum: 0.9`, or remove it"
    usual = getattr(type(o), "decay", None)
    if isinstance(usual, str) and o.decay != usual and not o.weight_decay:
        help = "set `weight_decay`, or remove `decay`"
        yield "optimizer.decay", f"`decay: {o.decay}` has no effect: weight_decay is 0", help


def decay_twice(optimizer: Chosen, regularizers: tuple[Chosen, ...]) -> Troubles:
    """Weight decay and the regularizer `l2` shrink the same weights."""
    if getattr(optimizer.options, "weight_decay", 0) and any(r.name == "l2" for r in regularizers):
        yield "regularizers.l2", "both `l2` and the optimizer's `weight_decay` shrink the weights", "keep one of them"


def width_transfer(model: Chosen, optimizer: Chosen) -> Troubles:
    """muP's rates with an optimizer that they are not for."""
    if getattr(model.options, "mup_base_width", None) and optimizer.name not in NORMALISED | {"lion"}:
        told = f"`mup_base_width` scales rates as Adam needs it, and the optimizer is `{optimizer.name}`"
        yield "model.mup_base_width", told, "choose adam, adamw or another of its kind, or remove it"


def searching(
    optimizer: Chosen, train: Train, regularizers: tuple[Chosen, ...], groups: Mapping[str, Group], layer_decay: float
) -> Troubles:
    """What changes the loss while an optimizer searches along it, or the weights behind its back."""
    if not getattr(parts.find("optimizer", optimizer.name), "SEARCHES", False):
        return
    for part in regularizers:
        if part.name not in STEADY:
            message = f"`{optimizer.name}` evaluates each batch several times, and `{part.name}` changes what it finds"
            yield f"regularizers.{part.name}", message, f"only {', '.join(sorted(STEADY))} go with it"
    if train.precision in ("bf16", "fp16"):
        told = f"`{optimizer.name}` takes curvature from differences of gradients: {train.precision} rounds them off"
        yield "train.precision", told, "use fp32"
    if layer_decay != 1 or any(wish.lr is not None or wish.lr_scale != 1 for wish in groups.values()):
        where = "layer_decay" if layer_decay != 1 else "groups"
        message = f"`{optimizer.name}` has one step length for all parameters"
        yield f"optimizer.{where}", message, "remove what sets other rates"


def group_options(optimizer: Chosen, groups: Mapping[str, Group]) -> Troubles:
    """Wishes for some parameters that don't fit one another or the optimizer."""
    for pattern, wish in groups.items():
        path = f"optimizer.groups.{pattern}"
        if wish.lr is not None and wish.lr_scale != 1:
            yield path, "both `lr` and `lr_scale` set the rate of these parameters", "keep one of them"
        if wish.weight_decay is not None and not hasattr(optimizer.options, "weight_decay"):
            yield path, f"`{optimizer.name}` has no weight decay", "remove `weight_decay`"


def schedule_fits(schedule: Chosen, plan: Plan) -> Troubles:
    """Warm-up as long as the run, decays that end too early or never begin: the schedule's own checks."""
    module = parts.find("schedule", schedule.name)
    own = schedules.Plan.of(schedule.options, plan.steps, plan.steps_per_epoch)
    for option, message, help in schedules.check(module, schedule.options, own):
        yield f"schedule.{option}", message, help


def intervals(train: Train, plan: Plan) -> Troubles:
    """Evaluations and checkpoints that never come, or come all the time."""
    for key in ("eval_every", "checkpoint_every"):
        every: Duration = getattr(train, key)
        if plan.of(every) < 1:
            yield f"train.{key}", f"`{key}` is 0 steps", "write 1 epoch, 500 or 10%"
        elif plan.of(every) > plan.steps and every != EACH_EPOCH:
            message = f"`{key}` is {plan.of(every):,} steps, the whole run {plan.steps:,}"
            yield f"train.{key}", message, "choose less; at the end it is done in any case"


def leftover(train: Train, facts: Facts, batch_size: int, plan: Plan) -> Troubles:
    """Accumulation that leaves many batches of each epoch unused."""
    batches = facts.train // batch_size
    left = batches % train.accumulate
    if left > WASTE * batches:
        good = [n for n in range(2, batches + 1) if batches % n <= WASTE * batches]
        near = min(good, key=lambda n: abs(n - train.accumulate), default=1)
        message = f"an epoch has {batches} batches: steps of {train.accumulate} leave {left} of them unused"
        yield "train.accumulate", message, f"for instance {near}, or another batch_size"


def precision_on_cpu(train: Train) -> Troubles:
    """Formats that CPUs don't compute in."""
    if train.device == "cpu" and train.precision in ("fp16", "tf32"):
        yield "train.precision", f"{train.precision} is for GPUs, and the device is cpu", "use bf16 or fp32"


def rollback(monitor: Monitor, train: Train, plan: Plan) -> Troubles:
    """Going back to a checkpoint that is never written."""
    if monitor.nonfinite == "rollback" and plan.of(train.checkpoint_every) >= plan.steps:
        message = "`rollback` goes back to a checkpoint, but the first one is written at the end"
        yield "monitor.nonfinite", message, "set train.checkpoint_every to less than the run"


def tasks(loss: Chosen, facts: Facts) -> Troubles:
    """A loss made for another task."""
    return _task(loss, "loss", facts)


def metric_tasks(metrics: tuple[Chosen, ...], facts: Facts) -> Troubles:
    """A metric made for another task."""
    for metric in metrics:
        yield from _task(metric, f"metrics.{metric.name}", facts)


def _task(part: Chosen, path: str, facts: Facts) -> Troubles:
    allowed = getattr(parts.find(part.kind, part.name), "TASKS", None)
    if allowed is not None and facts.task not in allowed:
        able = [n for n in parts.usable(part.kind) if facts.task in getattr(parts.find(part.kind, n), "TASKS", ())]
        yield path, f"`{part.name}` is not for {facts.task}, the data's task", f"choose {', '.join(able)}"


def _read(model: Chosen, facts: Facts) -> str:
    """As what the model reads the data's inputs."""
    takes = getattr(parts.find("model", model.name), "TAKES", facts.kinds)
    return next((kind for kind in facts.kinds if kind in takes), facts.kinds[0])


def model_takes(model: Chosen, facts: Facts) -> Troubles:
    """A model that can't read the data's samples."""
    kind = _read(model, facts)
    takes = getattr(parts.find("model", model.name), "TAKES", None)
    # An image is a vector too: a model that takes vectors flattens it.
    if takes is not None and kind not in takes and not (kind == "image" and "vector" in takes):
        able = [n for n in parts.usable("model") if _suits(parts.find("model", n), kind)]
        message = f"`{model.name}` takes {' or '.join(sorted(takes))}, the data gives {kind}"
        yield "model", message, f"choose {', '.join(able)}"


def _suits(model: Any, kind: str) -> bool:
    return kind in getattr(model, "TAKES", ()) and not getattr(model, "RECONSTRUCTS", False)


def reconstruction(model: Chosen, reconstruct: bool) -> Troubles:
    """A model that gives its input back, trained on another target."""
    if getattr(parts.find("model", model.name), "RECONSTRUCTS", False) and not reconstruct:
        yield "data", f"`{model.name}` gives its input back, which is not the target", "add `reconstruct: true` to data"


def regularizer_takes(regularizers: tuple[Chosen, ...], model: Chosen, facts: Facts) -> Troubles:
    """Regularizers of inputs or tasks that the data doesn't have: tokens can't be blended."""
    for part in regularizers:
        module = parts.find("regularizer", part.name)
        takes = getattr(parts.find("model", model.name), "TAKES", facts.kinds)
        kinds = [kind for kind in facts.kinds if kind in takes] or list(facts.kinds)
        for given, what, name in ((kinds, "inputs", "TAKES"), ([facts.task], "tasks", "TASKS")):
            fits = getattr(module, name, None)
            if fits is not None and not set(given) & set(fits):
                told = f"`{part.name}` is for {' and '.join(sorted(fits))} {what}, the data gives {given[0]}"
                yield f"regularizers.{part.name}", told, "remove it"


def thresholds_on_averages(regularizers: tuple[Chosen, ...], optimizer: Chosen) -> Troubles:
    """What is set to zero in the weights in training is not zero in the averages that such an optimizer is about."""
    for part in regularizers:
        if part.name in PROXIMAL and optimizer.name.startswith(("asgd", "schedule_free")):
            told = f"`{part.name}` changes weights after a step, and `{optimizer.name}` evaluates averages of them"
            yield f"regularizers.{part.name}", told, "take another optimizer, or remove it"


def smoothing(regularizers: tuple[Chosen, ...], loss: Chosen) -> Troubles:
    """Smoothed labels need a loss on classes."""
    if loss.name in ("mse", "huber") and any(r.name == "label_smoothing" for r in regularizers):
        message = f"`label_smoothing` has no effect on the loss `{loss.name}`"
        yield "regularizers.label_smoothing", message, "it is for cross_entropy: remove it"


def dropout(regularizers: tuple[Chosen, ...], model: Chosen) -> Troubles:
    """Dropout acts on hidden units."""
    hidden = getattr(model.options, "hidden", True)
    if any(r.name == "dropout" for r in regularizers) and (model.name == "linear" or not hidden):
        yield "regularizers.dropout", f"`dropout` needs hidden units, `{model.name}` has none", "remove it"


def target(train: Train, metrics: tuple[Chosen, ...]) -> Troubles:
    """A target for something that is not measured."""
    for name in train.target if isinstance(train.target, dict) else ():
        yield from _measured(name, metrics, f"train.target.{name}")


def _measured(name: str, metrics: tuple[Chosen, ...], path: str) -> Troubles:
    known = [*(m.name for m in metrics), "loss"]
    if (bare := name.removeprefix("val/")) not in known:
        yield path, f"`{name}` is not among the metrics", hint(bare, known)


def watched(regularizers: tuple[Chosen, ...], schedule: Chosen, metrics: tuple[Chosen, ...]) -> Troubles:
    """Early stopping and plateau watching a metric that is not measured."""
    for path, part in _watching(regularizers, schedule):
        if isinstance(name := getattr(part.options, "metric", "loss"), str):
            yield from _measured(name, metrics, f"{path}.metric")


def patience(regularizers: tuple[Chosen, ...], schedule: Chosen, train: Train, plan: Plan, facts: Facts) -> Troubles:
    """Parts that wait for evaluations that never come."""
    for path, part in _watching(regularizers, schedule):
        if facts.val < 1:
            yield path, f"`{part.name}` watches the validation data, and there is none", "remove it"
        elif plan.times(train.eval_every) <= 1:
            message = f"`{part.name}` compares evaluations, and the run has only the one at its end"
            yield path, message, "set train.eval_every to less than the run"


def _watching(regularizers: tuple[Chosen, ...], schedule: Chosen) -> Iterator[tuple[str, Chosen]]:
    for part in regularizers:
        if part.name == "early_stopping":
            yield "regularizers.early_stopping", part
    if schedule.name == "plateau":
        yield "schedule", schedule


def own_checks(
    data: Chosen, model: Chosen, loss: Chosen, optimizer: Chosen, regularizers: tuple[Chosen, ...], plan: Plan
) -> Troubles:
    """What the parts themselves know: a module may have `check(options, plan)`, as schedules do."""
    listed = [(f"regularizers.{part.name}", part) for part in regularizers]
    for path, part in [*((p.kind, p) for p in (data, model, loss, optimizer)), *listed]:
        check = getattr(parts.find(part.kind, part.name), "check", None)
        for option, message, help in check(part.options, plan) if check is not None else ():
            yield f"{path}.{option}", message, help


CHECKS: Final[tuple[Callable[..., Troubles], ...]] = (
    rate, idle_options, decay_twice, width_transfer, schedule_fits, pace.courses, pace.floor, intervals, leftover,
    precision_on_cpu,
    frugal.memory, frugal.in_backward, frugal.recorded, rollback, tasks, metric_tasks, model_takes, reconstruction,
    regularizer_takes, thresholds_on_averages, group_options, searching, smoothing, dropout, target, watched, patience,
    own_checks, targets.alike, targets.ids, targets.of_pixels,
)  # fmt: skip
