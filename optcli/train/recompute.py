"""Activation checkpointing: blocks forget what happens inside them, and do it again when the backward pass asks.

A block's forward pass is called through `torch.utils.checkpoint`, without wrapping the block, so that weights keep
their names. The second pass draws the same random numbers and leaves buffers as the first one left them, so a run is
the same bit for bit. Source: Chen et al. 2016, arXiv 1604.06174.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from optcli.train.gate import changing_buffers
from optcli.train.traceless import kept, momentum, running


def recompute(model: nn.Module, every: int) -> int:
    """Let each `every`-th of the model's repeated blocks compute its activations again; returns how many do.

    Raises:
        ValueError: the model has no repeated blocks.
    """
    chosen = blocks(model)[::every]
    if not chosen:
        raise ValueError("it has no repeated blocks whose activations could be computed again")
    for block in chosen:
        block.forward = _Forgetful(block)
    return len(chosen)


def blocks(model: nn.Module) -> list[nn.Module]:
    """Children of one parent that are of one class, have layers and parameters, and are two or more; the outermost.

    A container that holds such blocks is none itself.
    """
    inside = {child: blocks(child) for child in model.children()}
    able = [child for child in inside if _is_block(child) and not (type(child) is nn.Sequential and inside[child])]
    often = Counter(map(type, able))
    repeated = {child for child in able if often[type(child)] > 1}
    return [block for child in inside for block in ([child] if child in repeated else inside[child])]


def _is_block(module: nn.Module) -> bool:
    called = not isinstance(module, nn.ModuleList | nn.ModuleDict)
    return called and any(True for _ in module.children()) and any(True for _ in module.parameters())


class _Forgetful:
    """A block's `forward`, computed again in the backward pass. Copies of the block find their own copy of it."""

    def __init__(self, block: nn.Module) -> None:
        self._plain = block.forward
        self._norms = running(block)
        moving = {id(t) for m in self._norms for t in (m.running_mean, m.running_var)}
        self._buffers = [b for b in changing_buffers(block) if id(b) not in moving]

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        if not torch.is_grad_enabled():
            return self._plain(*inputs, **named)
        return checkpoint(self._plain, *inputs, use_reentrant=False, context_fn=self._contexts, **named)

    def _contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), self._again()

    @contextmanager
    def _again(self) -> Iterator[None]:
        """Inside, the second pass: running statistics have seen the batch already."""
        with kept(self._buffers), momentum(self._norms, 0.0):
            yield
