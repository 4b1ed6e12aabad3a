"""What is decided once for a run, by looking or by measuring: threads, layout in memory, whether to compile.

The choices stand in every checkpoint and in `summary.json`, and a resumed run makes none anew: other choices would give
other roundings.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

from optcli.parts import bundled
from optcli.parts.optimizers._order import Order, watch
from optcli.recipe.frugal import NEW_EACH_STEP
from optcli.recipe.recipe import Recipe
from optcli.train import eighths, products
from optcli.train.graphs import LAUNCH_BOUND
from optcli.train.inputs import owned
from optcli.train.signals import interrupted
from optcli.train.traceless import kept, plain
from optcli.train.world import HALF, World

GAIN: Final = {"cpu": 0.21}
"""Largest share of a step that compiling was seen to win, by device (a GPT in bf16)."""
GAIN_ELSEWHERE: Final = 0.6
"""The same on accelerators, where it also saves launches."""
COMPILING: Final = 10.0
"""Seconds that the smallest model takes to compile, at the very least."""
FEW: Final = 2
"""Samples with which the order of the layers is looked at."""
TRIALS: Final = 3
"""Steps that are timed each way; the fastest counts, since other people's work only adds."""


def choose(recipe: Recipe, world: World, model: nn.Module, data: tuple[Any, Any], loss: Any) -> dict[str, Any]:
    """Everything that is decided once.

    Args:
        data: inputs and targets of training.
        loss: of (output, target); what compiling is measured with.
    """
    parts = eighths.parts(recipe, world, model, data, loss)
    passes = max(parts, recipe.train.accumulate)
    rows = recipe.batch_size * recipe.train.accumulate // passes
    x, y = (world.cast(owned(world.tensor(part[:rows]))) for part in data)
    fresh = x._version
    work, seconds = forward_work(world, model, x)
    threads = world.use_threads(recipe.train.threads, 3 * work)
    chosen: dict[str, Any] = {"threads": threads, "precision": recipe.train.precision, "parts": parts}
    chosen["in_place"] = x._version > fresh
    chosen["cuda_graphs"] = recordable(recipe, world, 3 * work)
    if recipe.train.compile != "auto":
        return {**chosen, "compile": recipe.train.compile == "on"}
    steps = recipe.plan().steps * passes
    if not may_pay(world, recipe, 3 * seconds, steps):
        return {**chosen, "compile": False}
    context = world.autocast()

    def step() -> None:
        with context:
            value = loss(model(x.clone() if chosen["in_place"] else x), y)
        torch.autograd.grad(value, [p for p in model.parameters() if p.requires_grad], allow_unused=True)
        world.synchronize()

    told = compile_trial(model, step, steps)
    return {**chosen, **told, "cuda_graphs": chosen["cuda_graphs"] and not told["compile"]}


def recordable(recipe: Recipe, world: World, work: float) -> bool:
    """Whether to play passes back: where the recipe says so, or a GPU would wait for launches of a model we know."""
    t = recipe.train
    if world.device.type != "cuda" or world.size > 1:
        return False
    if t.cuda_graphs != "auto":
        return t.cuda_graphs
    known = recipe.model.name in bundled("model") and recipe.loss.name in bundled("loss")
    otherwise = t.compile == "on" or t.optimizer_in_backward or bool(t.activation_checkpointing)
    new = any(r.name in NEW_EACH_STEP or r.name not in bundled("regularizer") for r in recipe.regularizers)
    return known and not otherwise and not new and 0 < work < LAUNCH_BOUND


def may_pay(world: World, recipe: Recipe, seconds: float, steps: int) -> bool:
    """Whether compiling can win at all: with the largest gain there is, in the shortest time that it takes."""
    t = recipe.train
    if world.size > 1 or t.activation_checkpointing or t.cuda_graphs is True or not seconds:
        return False
    return steps * seconds * GAIN.get(world.device.type, GAIN_ELSEWHERE) > COMPILING


def compile_trial(model: nn.Module, step: Callable[[], object], steps: int) -> dict[str, Any]:
    """Measure the step plain and compiled; the model stays compiled where `steps` of them win back the time it took.

    Buffers and random numbers are afterwards what they were.
    """
    place = next(model.parameters()).device
    numbers: dict[str, Any] = (
        {"devices": [place.index], "device_type": place.type} if place.type != "cpu" else {"devices": []}
    )
    with torch.random.fork_rng(**numbers), kept(model.buffers()):
        try:
            plain = fastest(step)
        except (Exception, SystemExit):
            return {"compile": False}  # the first real batch says what is wrong, with its place
        if steps * plain * max(GAIN_ELSEWHERE, *GAIN.values()) <= COMPILING:
            return {"compile": False}
        begin = time.perf_counter()
        try:
            compile_whole(model)
            step()
            cost = time.perf_counter() - begin
            gain = plain - fastest(step)
        except Exception as error:  # no compiler on this machine, or a model that it can't read
            cost, gain = 0.0, float("-inf")
            told: dict[str, Any] = {"failed": f"{type(error).__name__}: {error}".partition("\n")[0][:200]}
        else:
            told = {"plain_s": round(plain, 6), "gain_s": round(gain, 6), "cost_s": round(cost, 3)}
    pays = steps * gain > cost
    if not pays:
        model._compiled_call_impl = None
    return {"compile": pays, "compile_trial": told}


def fastest(step: Callable[[], object]) -> float:
    """Seconds of the fastest of some steps, after one that warms up."""
    step()
    times = []
    for _ in range(TRIALS):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return min(times)


def compile_whole(model: nn.Module) -> None:
    """Compile the model's call, without wrapping it, so that its weights keep their names.

    `model.compile()` leaves out functions that are torch's own, and so all of a model that is an `nn.Sequential`. A run
    that is told to stop while it compiles ends its step uncompiled, which may round otherwise.
    """
    from torch._dynamo.exc import BackendCompilerFailed  # a second to import, for those that compile

    warnings.filterwarnings("ignore", "TensorFloat32")  # the recipe says which precision it wants
    call: Any = model._call_impl
    compiled: Any = torch.compile(lambda *inputs: call(*inputs))

    def whole(*inputs: Any) -> Any:
        try:
            return compiled(*inputs)
        except BackendCompilerFailed:
            if not interrupted():
                raise
            model._compiled_call_impl = None  # Ctrl-C ended the compiler, too, a process of its own
            return call(*inputs)

    model._compiled_call_impl = whole


@torch.no_grad()
def forward_work(world: World, model: nn.Module, x: Tensor) -> tuple[float, float]:
    """Multiplications and additions of a forward pass, as far as modules with a weight matrix do them, and its seconds.

    The seconds are too many rather than too few: nothing is warm yet.
    """
    work = [0.0]

    def count(module: nn.Module, inputs: Any, output: Any) -> None:
        weight = getattr(module, "weight", None)
        if isinstance(output, torch.Tensor) and isinstance(weight, torch.Tensor) and weight.ndim > 1:
            work[0] += 2.0 * output.numel() * weight[0].numel()

    counted = [m for m in model.modules() if not isinstance(m, nn.Embedding)]
    hooks = [module.register_forward_hook(count) for module in counted]
    model.eval()
    begin = time.perf_counter()
    try:
        model(x)
        world.synchronize()
    except (Exception, SystemExit):
        return 0.0, 0.0  # the first real batch says what is wrong, with its place
    finally:
        model.train()
        for hook in hooks:
            hook.remove()
    return work[0], time.perf_counter() - begin


def layer_order(world: World, model: nn.Module, inputs: Any) -> Order:
    """In which order the model's layers work, seen with a few of the inputs of training."""
    model.eval()
    try:
        x = world.cast(owned(world.tensor(inputs[:FEW])))
        with plain(model), kept(model.buffers()):
            return watch(model, lambda: model(x))
    except (Exception, SystemExit):
        return Order()  # the first real batch says what is wrong, with its place
    finally:
        model.train()


def fit(recipe: Recipe, world: World, model: nn.Module, before: Mapping[str, Any] | None) -> dict[str, bool]:
    """Choose kernels for the model's layers, as an earlier part of the run did if there is one, and fit them to those.

    Args:
        before: what that chose.
    """
    if before:
        found = {key: bool(before.get(key)) for key in ("channels_last", "onednn")}
    else:
        last, product = last_channels(recipe, world, model), products.chosen(recipe, world, model)
        found = {"channels_last": last, "onednn": product}
    if found["channels_last"]:
        put_channels_last(model)
    if found["onednn"]:
        products.put(model)
    return found


def last_channels(recipe: Recipe, world: World, model: nn.Module) -> bool:
    """Whether convolutions keep their channels last: by the recipe, or where that is faster.

    It is in half precision, and on a CPU in fp32 as well (a step takes 0.6 to 0.85 of the time), except where channels
    are convolved in groups, or another package's optimizer may want to see weights as matrices; on Apple's GPUs torch's
    batch norm is wrong with it.
    """
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    if recipe.train.channels_last != "auto":
        return bool(recipe.train.channels_last) and bool(convolutions)
    if not convolutions or any(m.groups > 1 for m in convolutions) or ":" in recipe.optimizer.name:
        return False
    half, device = recipe.train.precision in HALF, world.device.type
    return (device == "cuda" and half) or (device == "cpu" and world.dtype == torch.float32)


def put_channels_last(model: nn.Module) -> None:
    """Lay out the weights of convolutions anew; what they meet then follows.

    `to` and not `contiguous`, which leaves the strides of one input channel as they are, and they say channels first.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.to(memory_format=torch.channels_last)
