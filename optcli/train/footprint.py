"""What a training takes: bytes by kind, and the arithmetic of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from optcli.train.batches import Batch
from optcli.train.checkpoint import Stateful
from optcli.train.objective import Objective
from optcli.train.traceless import kept, plain


def sizes(
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    freed: bool = False,
    beside: Mapping[str, Stateful] | None = None,
) -> dict[str, int]:
    """Bytes of parameters (with buffers), gradients, the optimizer's state, and of what a forward pass keeps.

    Args:
        freed: each gradient is freed before the next one is there.
        beside: a run's state by name, of which what regularizers keep is taken (a mean of the weights, say).
    """
    model = objective.bare
    trained = [p.nbytes for p in model.parameters() if p.requires_grad]
    state = [t for t in tree_leaves([*optimizer.state.values()]) if isinstance(t, Tensor)]  # L-BFGS keeps lists of them
    away = [t for t in state if t.numel() > 1 and t.device != batch[0].device]
    told = {
        "parameters": sum(t.nbytes for t in (*model.parameters(), *model.buffers())),
        "gradients": max(trained) if freed else sum(trained),
        "optimizer": sum(t.nbytes for t in state) - sum(t.nbytes for t in away),
        "activations": activations(objective, batch),
    }
    own = [part.state_dict() for name, part in (beside or {}).items() if name.startswith("regularizer.")]
    if kept_by_them := sum(t.nbytes for t in tree_leaves(own) if isinstance(t, Tensor) and t.numel() > 1):
        told["regularizers"] = kept_by_them
    return {**told, "optimizer_on_host": sum(t.nbytes for t in away)} if away else told


def activations(objective: Objective, batch: Batch) -> int:
    """Bytes that autograd saves in one forward pass, parameters left out."""
    known = {p.untyped_storage().data_ptr() for p in objective.bare.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # of an output itself torch would make a ring that nothing ever frees

    with _traceless(objective.bare), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = objective(*batch)  # bound, so that what is kept stays alive and no address is counted for two
    del loss
    return sum(seen.values())


def arithmetic(objective: Objective, batch: Batch) -> int | None:
    """Floating-point operations of one forward and backward pass: matrix products, convolutions and attention.

    None where a part of the model does its arithmetic out of sight, as recurrent layers do.
    """
    if any(isinstance(m, nn.RNNBase) for m in objective.bare.modules()):
        return None
    params = [p for p in objective.bare.parameters() if p.requires_grad]
    with _traceless(objective.bare), Counter() as counter:
        torch.autograd.grad(objective(*batch), params, allow_unused=True)
    return counter.flops or None


class Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the operations of what is dispatched.

    The formulas are torch's own. (Its `FlopCounterMode` imports the compiler, which takes longer than a small run.)
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        from torch.utils.flop_counter import flop_registry

        self.flops = 0
        self._formulas: Mapping[Any, Callable[..., int]] = {**flop_registry, **_on_cpu()}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing here is compiled, so the compiler needn't be imported to be told to stay away."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        formula = self._formulas.get(func.overloadpacket)
        if formula is not None:
            self.flops += formula(*args, **(kwargs or {}), out_val=out)
        return out


PASSES: Final = {"_scaled_dot_product_flash_attention_for_cpu": (0, 2)}
PASSES_BACK: Final = {"_scaled_dot_product_flash_attention_for_cpu_backward": (1, 5)}
"""Attention on CPUs -> which argument is the query, and matrix products: two forward; backward two more for each of
them, and the scores once again."""


def _on_cpu() -> dict[Any, Callable[..., int]]:
    """Formulas for the kernels of CPUs, which torch has none for."""
    found: dict[Any, Callable[..., int]] = {}
    for name, (first, products) in {**PASSES, **PASSES_BACK}.items():

        def formula(*args: Any, first: int = first, products: int = products, **_: Any) -> int:
            query, key = args[first], args[first + 1]
            return int(products * 2 * prod(query.shape) * key.shape[-2])

        found[getattr(torch.ops.aten, name)] = formula
    if hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        found[torch.ops.mkldnn._linear_pointwise] = lambda x, weight, *_, **__: 2 * x.numel() * weight.shape[0]
    return found


@contextmanager
def _traceless(model: nn.Module) -> Iterator[None]:
    """Inside, the model is not compiled; afterwards buffers and the host's random numbers are what they were."""
    with plain(model), torch.random.fork_rng(devices=[]), kept(model.buffers()):
        yield
