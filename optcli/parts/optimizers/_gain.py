"""Gains: what an optimizer multiplies a small steady gradient by, besides its rate.

`gain(state, group, out)` of one parameter is a float, a scalar tensor or a tensor like the parameter; in `out`, if that
is given and the formula can use it, as fresh memory costs more than the arithmetic. A build attaches the function as
`optimizer.gain`. Proximal steps need it: a threshold with the same gain is as strong as it would be in the loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import Tensor

LEAST: Final = 1e-38
"""Where a square root may be 0, so that the gain of a step that was not taken is 0 and not undefined."""


def momentum(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> float:
    """Heavy-ball momentum adds up a steady gradient: (1 - dampening) / (1 - momentum)."""
    return float((1.0 - group.get("dampening", 0.0)) / (1.0 - group.get("momentum", 0.0)))


def adam(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """One over the root of the second moment, bias-corrected; 0 before the first step."""
    square = state.get("max_exp_avg_sq", state["exp_avg_sq"])
    unbias = (1 - group["betas"][1] ** state["step"]) ** 0.5
    return _over_root(square, (group["eps"] * unbias).clamp_(min=LEAST), unbias, out)


def radam(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """Adam's, rectified (arXiv 1908.03265, algorithm 2); 1 in the first steps, which are plain momentum."""
    import torch

    step, second = state["step"], group["betas"][1]
    limit = 2 / (1 - second) - 1
    length = limit - 2 * step * second**step / (1 - second**step)
    short = length <= 5
    share = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
    return torch.where(short, 1.0, adam(state, group, out) * share.clamp(min=0.0).sqrt())


def rmsprop(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """One over the root of the running mean of squares, times what the momentum adds up."""
    return _over_root(state["square_avg"], group["eps"], momentum(state, group), out)


def adagrad(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """One over the root of the sum of squares."""
    return _over_root(state["sum"], group["eps"], 1.0, out)


def adamax(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """One over the largest recent gradient."""
    return 1.0 / state["exp_inf"]


def adadelta(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """Root mean square of recent steps over that of recent gradients."""
    return ((state["acc_delta"] + group["eps"]) / (state["square_avg"] + group["eps"])).sqrt_()


def sign(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """One over the momentum's size: the sign of m is m / |m|."""
    return 1.0 / state["exp_avg"].abs().add_(1e-12)


def rprop(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """The step size over the first one, over the gradient's size: of the gradient only the sign counts."""
    return state["step_size"] / group["initial_lr"] / state["prev"].abs().add_(1e-12)


def asgd(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """How far the rate has fallen."""
    return (1 + group["lambd"] * group["initial_lr"] * (state["step"] - 1).clamp_(min=0)) ** -group["alpha"]


def muon(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """Hidden matrices: the root mean square of the update (0.2) over that of the momentum. Else Adam's."""
    if "momentum_buffer" not in state:
        return adam(state, group, out)
    return 0.2 / (state["momentum_buffer"].square().mean().sqrt() + 1e-12)


def soap(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """Matrices: the size of the update, which is the same however it is turned, over the momentum's. Else Adam's."""
    if "left_basis" not in state:
        return adam(state, group, out)
    from optcli.parts.optimizers.soap import turned

    momentum = state["exp_avg"].norm() / (1 - group["betas"][0] ** state["step"])
    return (turned(state, group["betas"], group["eps"]).norm() / momentum).nan_to_num_(0.0)  # before the first step: 0


def free_adam(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """Adam's, times how far the point between iterate and mean moves with the iterate."""
    unbias = (1 - group["beta2"] ** state["step"]) ** 0.5
    eps = (group["eps"] * unbias).clamp_(min=LEAST)
    return _over_root(state["exp_avg_sq"], eps, unbias * free_sgd(state, group), out)


def free_sgd(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> float:
    """At a constant rate the mean moves half as fast as the iterate."""
    return float(1 - group["beta"] / 2)


def prodigy(state: dict[str, Any], group: dict[str, Any], out: Tensor | None = None) -> Any:
    """Adam's without bias correction, times the distance; both means are in units of it."""
    return _over_root(state["exp_avg_sq"], group["eps"] * state["d"], state["d"] ** 2, out)


def adafactor(state: dict[str, Any], group: dict[str, Any], parameter: Tensor) -> Any:
    """The parameter's own size over the root of the second moment, which is kept by rows and columns.

    That the rate falls with time and that large steps are cut is left out.
    """
    size = parameter.detach().square().mean().sqrt().clamp_(min=group["eps"][1])
    if "variance" in state:
        return size * (state["variance"] + 1e-30).rsqrt()
    rows, columns = state["row_var"], state["col_var"]
    return size * ((rows @ columns) / (rows.mean(-2, keepdim=True) + 1e-30) + 1e-30).rsqrt()


def _over_root(square: Tensor, eps: Any, factor: Any, out: Tensor | None) -> Tensor:
    """factor / (sqrt(square) + eps)."""
    import torch

    return torch.sqrt(square, out=out).add_(eps).reciprocal_().mul_(factor)
