"""Optimizers of the package bitsandbytes, most of which keep their state in 8 bits: `bnb:adamw8bit`.

For models whose optimizer state is too large for the device. Tensors of fewer than `min_8bit_size` values keep full
precision; those called `paged...` move their state to the host's memory when the device's runs out.
`pip install 'optcli[bnb]'` brings the package (MIT).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from optcli.parts.optimizers._families._foreign import Family, Foreign, Package

if TYPE_CHECKING:
    from torch.optim import Optimizer

PACKAGE: Final = Package("bnb", "bitsandbytes", "bitsandbytes.optim")
_NOT_ONE: Final = frozenset({"GlobalOptimManager", "PytorchLARS"})
"""Listed among the optimizers."""


class _Paged(Foreign):
    def build(self, groups: list[dict[str, Any]], options: Any, device: str) -> Optimizer:
        """The optimizer.

        Raises:
            ValueError: paged memory is asked for on a device that has none.
        """
        if (self.name.startswith("Paged") or getattr(options, "is_paged", False)) and device == "cpu":
            raise ValueError(f"{self.name} pages a GPU's memory, and the device is the CPU")
        return super().build(groups, options, device)


_FAMILY: Final = Family(PACKAGE, lambda one: one not in _NOT_ONE, _Paged)
names, member = _FAMILY.names, _FAMILY.member
