"""Pastes a rectangle of another image into each, with the loss shared by area.

Stronger than `mixup` on images, as local features stay intact. Training loss then reads higher than validation loss.

Source: Yun et al. 2019, arXiv 1905.04899.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optcli.parts.regularizers._mixing import Mixing
from optcli.units import STRICT, Positive, Share

if TYPE_CHECKING:
    from torch import Tensor

PER_SAMPLE = True
TAKES = frozenset({"image"})
REPORTS = {"kept_share": "mean share of a sample that is its own, since the last evaluation"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    alpha: Positive = 1.0
    """Of the beta distribution of the area that is kept."""
    share: Share = 0.5
    """Share of the batches that are mixed."""


class Cutmix(Mixing):
    """Pastes rectangles, at the same place in all images of a batch."""

    def on_batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """(N, channels, height, width): each image with a piece of its partner.

        Raises:
            ValueError: the inputs are no images.
        """
        import torch

        if x.ndim != 4:
            raise ValueError(f"cutmix is for images of shape (N, channels, height, width), not {tuple(x.shape)}")
        side = (1 - self.draw(x)).clamp_(min=0.0).sqrt_()
        rows, columns = (_inside(size, side, x) for size in x.shape[2:])
        pasted = rows[:, None] & columns[None, :]
        self.kept = 1 - pasted.float().mean()
        self.count(self.kept)
        return torch.where(pasted, x.flip(0), x), y


def _inside(size: int, share: Tensor, like: Tensor) -> Tensor:
    """Which of `size` positions lie in a piece of that share, cut off at the border; the host doesn't wait."""
    import torch

    centre = torch.rand((), device=like.device) * size
    at = torch.arange(size, device=like.device) + 0.5
    return (at - centre).abs() < share * size / 2


def build(options: Options) -> Cutmix:
    """The scissors."""
    return Cutmix(options.alpha, options.share)
