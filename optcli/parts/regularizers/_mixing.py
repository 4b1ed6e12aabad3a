"""Batches whose samples are mixed with one another: inputs here, targets in the loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from optcli.parts.regularizers._tally import Telling

if TYPE_CHECKING:
    from torch import Tensor


class Mixing(Telling):
    """Sample i is mixed with sample n - 1 - i: batches are in random order, so any pairing is as good.

    `kept` is the share of the sample itself, a scalar on the device, or None where nothing is mixed.
    """

    kept: Tensor | None = None
    told = "kept_share"

    def __init__(self, alpha: float, share: float) -> None:
        super().__init__()
        self.alpha, self.share = alpha, share

    def draw(self, x: Tensor) -> Tensor:
        """A share from the beta distribution with both parameters `alpha`; 1 in the batches that are left alone."""
        import torch

        gammas = torch._standard_gamma(torch.full((2,), self.alpha, device=x.device))
        kept = gammas[0] / gammas.sum().clamp_(min=1e-30)
        return kept if self.share >= 1 else torch.where(torch.rand((), device=x.device) < self.share, kept, 1.0)

    def on_loss(self, loss_fn: Callable[..., Any]) -> Callable[..., Any]:
        """The loss against both targets, by their shares."""

        @wraps(loss_fn)
        def mixed(output: Any, target: Tensor, **options: Any) -> Any:
            if self.kept is None:
                return loss_fn(output, target, **options)
            own, other = loss_fn(output, target, **options), loss_fn(output, target.flip(0), **options)
            return self.kept * own + (1 - self.kept) * other

        return mixed
