"""Optimizers of the package bitsandbytes, most of which keep their state in 8 bits: `bnb:adamw8bit`.

For models whose optimizer state is too large for the device. Tensors of fewer than `min_8bit_size` values keep full
precision; those called `paged...` move their state to the host's memory when the device's runs out.
`pip install 'optcli[bnb]'` brings the package (MIT).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from optcli.parts.optimizers._families._foreign import Foreign, Package, found
from optcli.parts.optimizers._families._source import imported

if TYPE_CHECKING:
    from torch.optim import Optimizer

PACKAGE: Final = Package("bnb", "bitsandbytes", "bitsandbytes.optim")
_NOT_ONE: Final = frozenset({"GlobalOptimManager", "PytorchLARS"})
"""Listed among the optimizers."""


def names() -> list[str]:
    """All names of the family, in small letters.

    Raises:
        UnusablePart: the package is not installed.
    """
    return sorted(one.lower() for one in _classes())


@cache
def member(name: str) -> Any:
    """The part made of the class called `name`.

    Raises:
        UnknownPart, UnusablePart: there is none, or the package is not installed.
    """
    return _Paged(PACKAGE, found(PACKAGE, _classes(), name))


def _classes() -> list[str]:
    return [one for one in imported(PACKAGE.listing()) if one not in _NOT_ONE]


class _Paged(Foreign):
    def build(self, groups: list[dict[str, Any]], options: Any, device: str) -> Optimizer:
        """The optimizer.

        Raises:
            ValueError: paged memory is asked for on a device that has none.
        """
        if (self.name.startswith("Paged") or getattr(options, "is_paged", False)) and device == "cpu":
            raise ValueError(f"{self.name} pages a GPU's memory, and the device is the CPU")
        return super().build(groups, options, device)
