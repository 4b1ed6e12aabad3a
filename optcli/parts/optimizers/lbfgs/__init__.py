"""L-BFGS: steps from the curvature that the last gradients tell, with a line search; each evaluates its batch again.

For small problems with smooth losses and full batches (`batch_size` as large as the data, or `accumulate`): from batch
to batch the curvature is mostly noise. The loss must be the same each time that a batch is looked at, so dropout,
mixing of samples and clipping don't go with it, nor do rates that differ by parameter. A step costs up to `max_eval`
forward and backward passes. One that ends in values that are not finite is undone, and the curvature forgotten.

Source: Liu & Nocedal 1989, https://doi.org/10.1007/BF01589116. Runs on torch.optim.LBFGS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from optcli.units import STRICT, Count, NonNegative, Positive

if TYPE_CHECKING:
    from torch.optim import Optimizer

GATED = True
SEARCHES = True


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    lr: Positive = 1.0
    """First step of the line search, or the step itself without one; the schedule multiplies it."""
    weight_decay: NonNegative = 0.0
    """Strength of the decay towards zero; biases, norms and embeddings are spared."""
    decay: Literal["l2"] = "l2"
    """weight_decay / 2 * w^2 is part of the loss that is searched."""
    max_iter: Count = 20
    """Iterations of one step, each with a direction of its own."""
    max_eval: Count | None = None
    """Evaluations of one step; 1.25 times `max_iter` if left out."""
    history: Count = 10
    """Gradients that the curvature is taken from; each costs two copies of the weights."""
    line_search: Literal["strong_wolfe", "none"] = "strong_wolfe"
    """`strong_wolfe`: along each direction to where the loss has fallen and flattened; `none`: by `lr`."""
    tolerance_grad: NonNegative = 1e-7
    """A step ends where no gradient is larger."""
    tolerance_change: NonNegative = 1e-9
    """A step ends where loss or weights change by less."""


def build(groups: list[dict[str, Any]], options: Options, device: str) -> Optimizer:
    """torch's LBFGS over all parameters together."""
    from optcli.parts.optimizers._build import rated
    from optcli.parts.optimizers.lbfgs.net import Lbfgs

    return Lbfgs(
        rated(groups, options.lr),
        max_iter=options.max_iter,
        max_eval=options.max_eval,
        tolerance_grad=options.tolerance_grad,
        tolerance_change=options.tolerance_change,
        history_size=options.history,
        line_search_fn=None if options.line_search == "none" else options.line_search,
    )
