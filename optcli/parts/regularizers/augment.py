"""Changes each training image a little: moved, turned, scaled, mirrored, lightened, or with a square cut out.

The cheapest way to more data. Each image is drawn anew in each step, on the device. Take only what leaves the class as
it is: mirrored digits are no digits. Where the target is the image itself (`reconstruct`), it is moved along, but
neither lightened nor cut: the model learns to undo that. Training loss then reads higher than validation loss.

Source: moving and mirroring: Krizhevsky et al. 2012, https://doi.org/10.1145/3065386; cutout: DeVries & Taylor 2017,
arXiv 1708.04552.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Le

from optcli.units import STRICT, NonNegative, Rate, Share

if TYPE_CHECKING:
    from torch import Tensor

PER_SAMPLE = True
TAKES = frozenset({"image"})
REPORTS = {
    "shift": "farthest that an image is moved, as a share of its sides",
    "rotate": "farthest that an image is turned, in degrees",
    "cutout": "side of the square that is cut out, as a share of the image's sides",
}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    shift: Rate = 0.1
    """Farthest that an image is moved, as a share of its sides, in whole pixels; its edge is repeated."""
    flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    """Mirror every second image, on average."""
    rotate: Annotated[float, Ge(0), Le(180)] = 0.0
    """Farthest that an image is turned, in degrees."""
    zoom: Rate = 0.0
    """Farthest from 1 that an image is scaled."""
    brightness: NonNegative = 0.0
    """Largest number that is added to, or taken from, all pixels of an image, in the inputs' units."""
    contrast: Rate = 0.0
    """Farthest from 1 that the differences to the image's mean are multiplied with."""
    cutout: Share = 0.0
    """Side of a square that is set to 0, as a share of the image's sides; it may lie half outside."""


def check(options: Options, plan: object) -> list[tuple[str, str, str]]:
    """Mistakes in the values: (option, what is wrong, what to do)."""
    if options == Options(shift=0.0):
        return [("shift", "`augment` has nothing to do", "set `flip`, `rotate` or another option, or remove it")]
    return []


class Augment:
    """Draws and changes."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def on_batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """(N, channels, height, width): each image changed by what it drew; a target that is the image moves along.

        Raises:
            ValueError: the inputs are no images.
        """
        import torch

        if x.ndim != 4:
            raise ValueError(f"augment is for images of shape (N, channels, height, width), not {tuple(x.shape)}")
        if y.shape == x.shape:
            x, y = torch.split(self._moved(torch.cat([x, y], 1)), x.shape[1], 1)
        else:
            x = self._moved(x)
        return self._cut(self._lit(x)), y

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        return {name: float(getattr(self.options, name)) for name in REPORTS}

    def _moved(self, x: Tensor) -> Tensor:
        import torch

        o = self.options
        for axis, name in ((3, "horizontal"), (2, "vertical")):
            if o.flip in (name, "both"):
                x = torch.where(_drawn(x) < 0, x.flip(axis), x)
        if o.shift:
            for axis in (2, 3):
                x = x.gather(axis, _places(x, axis, round(o.shift * x.shape[axis])))
        return _turned(x, math.radians(o.rotate), o.zoom) if o.rotate or o.zoom else x

    def _lit(self, x: Tensor) -> Tensor:
        o = self.options
        if o.contrast:
            mean = x.mean((1, 2, 3), keepdim=True)
            x = mean + (x - mean) * (1 + o.contrast * _drawn(x))
        return x + o.brightness * _drawn(x) if o.brightness else x

    def _cut(self, x: Tensor) -> Tensor:
        import torch

        if not self.options.cutout:
            return x
        inside = torch.ones((), dtype=torch.bool, device=x.device)
        for axis in (2, 3):
            size = x.shape[axis]
            at = torch.arange(size, device=x.device) + 0.5
            near = (at - size * (_drawn(x)[..., 0] + 1) / 2).abs() < self.options.cutout * size / 2
            inside = inside & near.unsqueeze(5 - axis)
        return x.masked_fill(inside, 0.0)


def _drawn(x: Tensor) -> Tensor:
    """A number from -1 to 1 for each image: (N, 1, 1, 1)."""
    import torch

    return torch.rand((len(x), 1, 1, 1), device=x.device) * 2 - 1


def _places(x: Tensor, axis: int, most: int) -> Tensor:
    """For each pixel, the place along an axis that it is taken from: up to `most` away, none beyond the edge."""
    import torch

    by = torch.randint(-most, most + 1, (len(x), 1, 1, 1), device=x.device)
    shape = [x.shape[axis] if at == axis else 1 for at in range(4)]
    return (torch.arange(x.shape[axis], device=x.device).view(shape) + by).clamp_(0, x.shape[axis] - 1).expand(x.shape)


def _turned(x: Tensor, angle: float, zoom: float) -> Tensor:
    """Turned by up to `angle` (radians) and scaled by up to `zoom`, around the centre; edges are repeated."""
    import torch
    from torch.nn import functional as F

    turn, scale = (angle * _drawn(x)).view(-1), (1 + zoom * _drawn(x)).view(-1)
    across, along = torch.cos(turn) / scale, torch.sin(turn) / scale
    height, width = x.shape[2:]
    nothing = torch.zeros_like(turn)
    rows = (across, -along * height / width, nothing, along * width / height, across, nothing)
    grid = F.affine_grid(torch.stack(rows, 1).view(-1, 2, 3), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def build(options: Options) -> Augment:
    """The changes."""
    return Augment(options)
