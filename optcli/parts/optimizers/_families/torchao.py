"""Optimizers of the package torchao that keep their state in 8 or 4 bits: `torchao:adamw8bit`.

For models whose optimizer state is too large for the device. Tensors of fewer than 4,096 values keep full precision.
The package compiles its step, which takes a while in the first one and a compiler. `pip install 'optcli[torchao]'`
brings it (BSD-3-Clause).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from optcli.parts.optimizers._families._foreign import Family, Foreign, Package

if TYPE_CHECKING:
    from torch.optim import Optimizer


def _tensors() -> Mapping[str, type]:
    names = {"OptimState4bit": "4bit", "OptimState8bit": "8bit", "OptimStateFp8": "fp8"}
    return {name: getattr(import_module(f"torchao.optim.subclass_{bits}"), name) for name, bits in names.items()}


PACKAGE: Final = Package("torchao", "torchao", "torchao.optim", _tensors)


class _Quantized(Foreign):
    def build(self, groups: list[dict[str, Any]], options: Any, device: str) -> Optimizer:
        """The optimizer, which wants its rates as tensors."""
        import torch

        optimizer = super().build(groups, options, device)

        def convert(optimizer: Optimizer, *_: Any) -> None:
            for group in optimizer.param_groups:
                group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32)

        optimizer.register_step_pre_hook(convert)
        return optimizer


_FAMILY: Final = Family(PACKAGE, lambda one: one.startswith("Adam"), _Quantized)
names, member = _FAMILY.names, _FAMILY.member
