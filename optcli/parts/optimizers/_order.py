"""In which order a model's layers work, and which of them are heads: seen in one forward pass.

The order in which layers are registered in `__init__` says neither: a head may be made first, or there may be two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Order:
    """What a forward pass showed."""

    turn: Mapping[int, int] = field(default_factory=dict)
    """Identity of a module -> when it was first called, from 0; a module that wasn't called itself has that of the
    nearest one around it."""
    heads: frozenset[int] = frozenset()
    """Identities of the layers whose output the model gives as it is; none where something comes after them all."""


def watch(model: nn.Module, forward: Callable[[], Any]) -> Order:
    """The order that `forward`, which calls the model, goes through its layers."""
    import torch
    from torch.utils._pytree import tree_leaves

    turn: dict[int, int] = {}
    gave: list[tuple[int, Tensor]] = []  # kept, so that no two outputs have the same place in memory

    def enter(module: nn.Module, inputs: Any) -> None:
        turn.setdefault(id(module), len(turn))

    def leave(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and hasattr(module, "weight"):
            gave.append((id(module), output))

    hooks = [m.register_forward_pre_hook(enter) for m in model.modules()]
    hooks += [m.register_forward_hook(leave) for m in model.modules()]
    try:
        with torch.no_grad():
            ends = {_place(tensor) for tensor in tree_leaves(forward()) if isinstance(tensor, torch.Tensor)}
    finally:
        for hook in hooks:
            hook.remove()
    _inherit(model, turn, 0)
    return Order(turn, frozenset(module for module, output in gave if _place(output) in ends))


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _inherit(module: nn.Module, turn: dict[int, int], around: int) -> None:
    """Fused kernels and functions go round a module's own call."""
    mine = turn.setdefault(id(module), around)
    for child in module.children():
        _inherit(child, turn, mine)
