"""The real training step on a CUDA device that isn't there: run as `python fake_cuda.py SHIM.so < cases.json`.

Everything up to `World.place` is done with values on the CPU; from there on all tensors are fake: they have shape, type
and device, but no values. An operator that mixes devices raises, and so does one that asks for a value (`item`, `if
tensor`), because there is none. Copies between devices are counted by `Seen`. Writes one JSON report for each case.

What is simulated is the dispatch inside torch, not a GPU: there are no kernels, no streams and no memory.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections import Counter
from typing import Any

SHIM = ctypes.CDLL(sys.argv[1])
SHIM.fake_cuda()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch._subclasses import fake_impls  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

import optcli  # noqa: E402
from optcli.recipe import loads  # noqa: E402
from optcli.train import choices, graphs, probes, reader  # noqa: E402
from optcli.train.build import Built, build  # noqa: E402
from optcli.train.evaluate import Evaluator  # noqa: E402
from optcli.train.randomness import Randomness  # noqa: E402
from optcli.train.signals import Signals  # noqa: E402
from optcli.train.world import World  # noqa: E402

aten = torch.ops.aten
BASE = """
name: fake
data: {name: unreal_pictures, batch_size: 8}
model: {name: mlp, hidden: [16]}
loss: cross_entropy
metrics: [accuracy]
optimizer: {name: adamw, lr: 1e-3}
train: {steps: 40, threads: 1, compile: off}
"""


def switch_on_mixed_precision() -> None:
    """Without a real device autocast would turn itself off."""
    torch.cuda.is_bf16_supported = lambda *args, **kwargs: True
    torch.amp.autocast_mode.torch.cuda.amp.common.amp_definitely_not_available = lambda: False


def pinned(tensor: Tensor) -> Tensor:
    """Pinning needs a driver, and takes a tensor of the host only."""
    if tensor.device.type != "cpu":
        raise RuntimeError(f"cannot pin a tensor on {tensor.device}")
    return tensor


torch.Tensor.pin_memory = pinned


@fake_impls.register_op_impl(aten._fused_sgd_.default)
def fused_sgd(mode: Any, func: Any, *args: Any, **kwargs: Any) -> None:
    """torch has no fake kernel for it: check what the real one would."""
    assert {t.device.type for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)} == {"cuda"}


@optcli.data(task="classification")
def unreal_pictures(n: int = 64) -> Any:
    """Noise, three classes."""
    random = np.random.default_rng(0)
    return (random.normal(size=(n, 1, 8, 8)), random.integers(0, 3, n)) * 2


@optcli.data(task="regression")
def unreal_table(n: int = 64) -> Any:
    """Noise, two targets."""
    random = np.random.default_rng(0)
    return (random.normal(size=(n, 5)), random.normal(size=(n, 2))) * 2


@optcli.data(task="language")
def unreal_text(n: int = 64) -> Any:
    """Noise, eleven tokens."""
    random = np.random.default_rng(0)
    return (random.integers(0, 11, (n, 6)), random.integers(0, 11, (n, 6))) * 2


class Careless(nn.Module):
    """A linear layer on flat pictures, and the mistake it is named after; the ring must see each."""

    def __init__(self, mistake: str, features: int, outputs: int) -> None:
        super().__init__()
        self.mistake, self.layer = mistake, nn.Linear(features, outputs)
        self.shift = torch.ones(features)  # should be a buffer, to be moved with the model

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        if self.mistake == "waits" and x.sum() > 0:
            x = x + 1
        if self.mistake == "forgets":
            x = x + self.shift
        if self.mistake == "copies":
            x = x.cpu().to(x.device)
        out: Tensor = self.layer(x)
        return out


@optcli.model
def unreal_careless(facts: Any, mistake: str = "waits") -> nn.Module:
    """A model with a mistake."""
    return Careless(mistake, int(np.prod(facts.shape)), facts.outputs)


class Reader(reader.Reader):
    """The real one's `start`; its pinned memory and event need a driver."""

    def __init__(self, like: Tensor) -> None:
        self._host = torch.empty(like.shape, dtype=like.dtype)
        self._done = Recorded()


class Recorded:
    """An event that only knows whether it was recorded."""

    count = 0

    def record(self) -> None:
        self.count += 1


class FakeWorld(World):
    """One process with one CUDA device. Only what needs a driver is replaced."""

    def __init__(self, precision: Any, resident: bool) -> None:
        self.mode = FakeTensorMode(allow_non_fake_inputs=True)
        self._resident, self.placed = resident, False
        super().__init__("cuda", precision)

    def _choose(self, name: str) -> torch.device:
        return torch.device(name, 0)

    def place(self, module: nn.Module) -> nn.Module:
        """From here on everything is fake. Tied weights stay tied."""
        self.mode.__enter__()
        self.placed = True
        moved: dict[int, Any] = {}
        for part in module.modules():
            for holder in (part._parameters, part._buffers):
                for name, tensor in holder.items():
                    if tensor is not None:
                        if id(tensor) not in moved:
                            there = tensor.detach().to(self.device)
                            moved[id(tensor)] = nn.Parameter(there) if isinstance(tensor, nn.Parameter) else there
                        holder[name] = moved[id(tensor)]
            if isinstance(part, nn.RNNBase):
                part._init_flat_weights()
        return module

    def pinned(self, tensor: Tensor) -> Tensor:
        """Pinning needs a driver."""
        return tensor.detach().to("cpu")

    def synchronize(self) -> None:
        """Nothing is under way."""

    def reader(self, like: Tensor) -> Reader:
        return Reader(like)

    def free_bytes(self) -> float:
        return 1e12 if self._resident else 0.0


class Seen(TorchDispatchMode):
    """Counts operators, copies between devices ("cuda->cpu wait") and operators that take tensors of both."""

    def __init__(self) -> None:
        super().__init__()
        self.ops, self.copies, self.mixed = 0, Counter[str](), Counter[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        self.ops += not func.is_view and func is not torch.ops.prim.device.default  # asked, not done
        if func in (aten._to_copy.default, aten.copy_.default):
            old, new = (args[0], out) if func is aten._to_copy.default else (args[1], args[0])
            late = kwargs.get("non_blocking") or (func is aten.copy_.default and len(args) > 2 and args[2])
            if old.device.type != new.device.type:
                self.copies[f"{old.device.type}->{new.device.type} {'late' if late else 'wait'}"] += 1
        elif len({t.device.type for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)}) > 1:
            self.mixed[str(func)] += 1
        return out


def play_back() -> None:
    """A recording is the pass itself: streams and graphs need a driver, and there are no values to compare."""

    def record(device: torch.device, passes: Any) -> Any:
        passes()
        return passes

    graphs.record = record
    graphs._distance = lambda one, other: 0.0
    Randomness.mine = lambda self: {}
    Randomness.take = lambda self, state: None
    choices.LAUNCH_BOUND = 0.0  # only where a recipe asks for it


def steps(built: Built, numbers: range) -> Seen:
    """What happens in these steps; batches are made outside."""
    stream = list(built.batches.stream(numbers.start, numbers.stop))
    with Seen() as seen:
        for number, batches in stream:
            built.update(number, batches, built.rates(number))
            built.window.closes(number + 1, 1.0)
    return seen


def examine(changes: list[str], resident: bool) -> dict[str, Any]:
    """One case: a step with the update ratio, in which the optimizer's state is born; a plain step; a window; a
    validation."""
    recipe = loads(BASE, overrides=changes)
    world = FakeWorld(recipe.train.precision, resident)
    try:
        built = build(recipe, world, Signals())
        heads: list[str] = []
        last = [m for m in built.objective.bare.modules() if isinstance(m, nn.Linear)][-1]
        last.register_forward_hook(lambda module, inputs, output: heads.append(str(output.dtype)))
        with Seen() as epoch:
            next(built.batches.stream(0, 1))
        first, plain = steps(built, range(1)), steps(built, range(1, 2))
        with Seen() as window:
            built.window.read(drain=False)
        assert built.window._reader._done.count == 1
        evaluator = Evaluator(
            built.objective, built.splits.val_x, built.splits.val_y, built.metrics, recipe.batch_size, world
        )
        with Seen() as evaluation, torch.no_grad():
            evaluator._sum()
        return {
            "ops": plain.ops,
            "step": dict(first.copies + plain.copies),
            "mixed": dict(first.mixed + plain.mixed + evaluation.mixed),
            "window": dict(window.copies),
            "epoch": dict(epoch.copies),
            "evaluation": dict(evaluation.copies),
            "outputs": sorted(set(heads)),
            "notes": built.notes,
            **placed(built),
        }
    finally:
        if world.placed:
            world.mode.__exit__(None, None, None)
        world.__exit__()


def placed(built: Built) -> dict[str, Any]:
    """Where the state lives, and its types, as "optimizer step cpu torch.float32"."""
    found = {("weight", p.device.type, str(p.dtype)) for p in built.objective.bare.parameters()}
    for one in built.optimizer.state.values():
        found |= {(f"state {k}", t.device.type, str(t.dtype)) for k, t in one.items() if isinstance(t, Tensor)}
    return {"placed": sorted(" ".join(entry) for entry in found)}


def main() -> None:
    switch_on_mixed_precision()
    play_back()
    probes.STEPS = 4  # fake rows are slow to make, and how many there are doesn't matter here
    for name, (changes, resident) in json.load(sys.stdin).items():
        try:
            told = examine(changes, resident)
        except Exception as error:
            cause = error.__cause__ or error
            told = {"error": f"{type(cause).__name__}: {cause}"[:500]}
        print(json.dumps([name, told]), flush=True)


main()
os._exit(0)  # torch's own tear-down knows nothing of the shim
