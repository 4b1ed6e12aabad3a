"""Linear layers whose matrix products are oneDNN's, for processors on which the BLAS is slow.

torch's CPU builds take fp32 products from Intel's MKL, which runs at about half speed on processors of other makers;
oneDNN, which is in the same builds for convolutions, doesn't. A product's last bits differ, so it is decided once for a
run which of the two it takes.
"""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.functional import linear

from optcli.parts.models._stack.net import SHORT
from optcli.recipe.recipe import Recipe
from optcli.train.world import World

LEAST: Final = 6_000_000
"""Multiplications of a product from which on the shorter time makes up for the way through Python, 15 microseconds."""
OTHERS: Final = ("AuthenticAMD", "HygonGenuine")
"""Makers of processors, as these call themselves, on which MKL is slow."""


def chosen(recipe: Recipe, world: World, model: nn.Module) -> bool:
    """Whether oneDNN does the products of linear layers: as the recipe says, or where it is known to be faster."""
    wish = recipe.train.onednn
    if not wish or world.device.type != "cpu" or recipe.train.precision != "fp32" or not there():
        return False
    return any(type(m) is nn.Linear for m in model.modules()) and (wish is True or slow_blas())


def there() -> bool:
    """Whether this torch has the kernel."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")  # type: ignore[no-untyped-call]


@cache
def slow_blas() -> bool:
    """Whether the BLAS is MKL on a processor that it wasn't made for."""
    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        told = Path("/proc/cpuinfo").read_text()[:400]
    except OSError:  # another system than Linux
        told = platform.processor()
    return any(maker in told for maker in OTHERS)


def put(model: nn.Module) -> None:
    """Let the model's plain linear layers compute by oneDNN; their weights and names stay."""
    if there():  # a run may go on on another machine
        for module in model.modules():
            if type(module) is nn.Linear:
                module.__class__ = Linear


class Linear(nn.Linear):
    """`nn.Linear` that takes large products of a plain training step from oneDNN, and everything else from torch."""

    def forward(self, x: Tensor) -> Tensor:
        """x (..., in) -> (..., out)"""
        weight, bias = self.weight, self.bias  # which may be no parameters: pruned, or normalized before each pass
        if x.numel() * weight.shape[0] < LEAST or not _plain(x, weight):
            return linear(x, weight, bias)
        out: Tensor = _Product.apply(x.contiguous(), weight, bias)  # type: ignore[no-untyped-call]
        return out


SHORT[Linear] = Linear.forward


def _plain(x: Tensor, weight: Tensor) -> bool:
    """Whether these are what the kernel takes, and nobody follows what is computed but autograd."""
    for tensor in (x, weight):
        if tensor.dtype is not torch.float32 or tensor.device.type != "cpu" or tensor.layout is not torch.strided:
            return False
        if type(tensor) is not Tensor and type(tensor) is not nn.Parameter:
            return False
    return (
        x.ndim > 1
        and x.shape[-1] == weight.shape[1]
        and not (
            torch.compiler.is_compiling()
            or torch.is_autocast_enabled("cpu")
            or torch._C._are_functorch_transforms_active()
            or forward_ad._current_level >= 0
        )
    )


class _Product(torch.autograd.Function):
    """x @ weight.T + bias. A gradient that is itself to be differentiated is made of torch's own products."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return times(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        for_x, for_weight, for_bias = ctx.needs_input_grad
        flat, rows = grad.flatten(0, -2), x.flatten(0, -2)
        if torch.is_grad_enabled():  # create_graph
            back, across = grad @ weight if for_x else None, flat.t() @ rows if for_weight else None
        else:
            grad = grad.contiguous()
            back = times(grad, weight.t()) if for_x else None
            across = times(grad.flatten(0, -2).t(), rows.t()) if for_weight else None
        return back, across, flat.sum(0) if for_bias else None


def times(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (..., in), weight (out, in) -> x @ weight.T + bias, by oneDNN."""
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return out
