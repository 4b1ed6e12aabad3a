"""A handful of samples can be learned by heart.

If not even that succeeds, something is cut: labels that don't belong to their inputs are still learnable this way, but
a detached graph, a wrong loss, a saturated or far too small model are not. A rate at which it fails says little, since
Adam moves a weight by no more than its rate a step: further ones are tried from the same weights.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import torch

from optcli.parts import find
from optcli.parts._made import Loss
from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 40
SAMPLES: Final = 8
TRIES: Final = {3e-3: 300, 3e-2: 100, 3e-1: 100}
"""Adam's rate -> steps, whatever the recipe says: this judges model, loss and data, not the recipe's optimizer. The
first is what networks take; the last moves weights by 30, as a line to targets that aren't scaled needs."""
EVERY: Final = 10
"""Steps between looks at the loss."""
LEFT: Final = 0.1
LEFT_UNKNOWN: Final = 0.5
"""The share of the first loss that may be left; and of a loss of one's own, which may have a floor: a divergence, an
entropy, a margin."""


def check(bench: Bench) -> Result:
    """Train on the same few samples with Adam and no regularizer until the loss is a tenth, at one rate or another."""
    model, loss = bench.model()
    model.train()
    x, y = bench.batch(min(SAMPLES, bench.recipe.facts.train))
    start, first, best = deepcopy(model.state_dict()), float(loss(model(x), y).detach()), float("inf")
    for rate in TRIES:
        model.load_state_dict(start)
        last, steps = _learned(model, lambda: loss(model(x), y), rate, LEFT * first)
        if last <= LEFT * first:
            said = f"{len(x)} samples learned by heart in {steps} steps of Adam at {rate:g}"
            said += f": loss {first:.3g} to {last:.3g}"
            return Result("pass", said, figures={"first": first, "last": last, "steps": float(steps), "rate": rate})
        best = min(best, last)
    if _own(bench) and best <= LEFT_UNKNOWN * first:
        said = f"loss of {len(x)} samples {first:.3g} to {best:.3g} by heart (nothing is known of its floor)"
        return Result("pass", said, figures={"first": first, "last": best})
    tried = ", ".join(f"{steps} steps of Adam at {rate:g}" for rate, steps in TRIES.items())
    return Result(
        "fail",
        f"{len(x)} samples can't be learned by heart in {tried}: loss {first:.3g} to {best:.3g} at best",
        "check that the loss fits the output, no graph is cut, inputs reach the model, targets aren't in the hundreds",
        {"first": first, "last": best},
    )


def _own(bench: Bench) -> bool:
    """Whether the loss is the user's, so that nothing is known of how low it can get."""
    return isinstance(find("loss", bench.recipe.loss.name), Loss)


def _learned(model: Any, loss: Any, rate: float, enough: float) -> tuple[float, int]:
    """The loss that is left and the steps that were taken: all of the rate's, or fewer where it is low enough."""
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=rate)
    last = float("inf")
    for step in range(1, TRIES[rate] + 1):
        value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if step % EVERY == 0 and (last := float(value.detach())) <= enough:
            return last, step
    return last, TRIES[rate]
