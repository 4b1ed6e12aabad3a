"""The first loss is what an untrained model should have.

ln(classes) for a classifier, the target's variance for a regression. Far above: outputs start too large
(initialization, inputs not scaled). Far below: a leak, or a loss that is not what it seems.
"""

from __future__ import annotations

import math
from typing import Final

import torch

from optcli.parts import find
from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 10
SAMPLES: Final = 512
LOWEST: Final = 0.6
"""Of the expected loss. Random logits can only add to ln(classes), so less means knowledge."""
EXCESS: Final = 0.6
"""Over the expected loss, as a share of it: logits of standard deviation 1.5 still stay below with ten classes."""
EXCESS_NATS: Final = 1.0
"""But never less than this: with two or three classes a spread of the logits that does no harm adds as much."""
EXCESS_REGRESSION: Final = 3.0
"""An output of twice the target's spread at the start; more means a scale was forgotten."""


def check(bench: Bench) -> Result:
    """Mean loss of untrained weights over some training samples, against theory."""
    recipe = bench.recipe
    at_init = getattr(find("loss", recipe.loss.name), "at_init", None)
    expected = at_init(recipe.facts) if at_init else None
    model, loss = bench.model()
    model.eval()
    with torch.no_grad():
        x, y = bench.batch(min(SAMPLES, recipe.facts.train))
        measured = float(loss(model(x), y))
    figures = {"loss": measured}
    if not math.isfinite(measured):
        return Result(
            "fail", f"the first loss is {measured}", "look for a logarithm of 0, a division by 0 or bad inputs", figures
        )
    if expected is None:
        return Result("pass", f"loss {measured:.3g} (nothing is known of what to expect)", figures=figures)
    figures["expected"] = expected
    said = f"loss {measured:.3g}, expected about {expected:.3g}"
    if measured - expected > _tolerated(recipe.facts.task, expected):
        help = "the outputs start too large: check initialization and the scale of inputs and targets"
        return Result("fail", said, help, figures)
    if measured < LOWEST * expected:
        return Result(
            "fail", said, "too good for an untrained model: check the loss, its reduction, and leaks", figures
        )
    return Result("pass", said, figures=figures)


def _tolerated(task: str, expected: float) -> float:
    return EXCESS_REGRESSION * expected if task == "regression" else max(EXCESS * expected, EXCESS_NATS)
