"""What a recipe would do, without doing it: every value and where it comes from, the run's length, the rate."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from optcli.recipe import bundled
from optcli.recipe.recipe import Recipe, value_at
from optcli.recipe.scalars import write
from optcli.run.curve import Curve, read_only
from optcli.show import chart, clean, words
from optcli.show.screen import Screen


def lines(recipe: Recipe, screen: Screen, more: Sequence[str] = ()) -> list[str]:
    """The whole view; `more` are lines that only the training side can tell, such as parameters and memory."""
    facts = (part for line in [*_length(recipe), *more] for part in screen.lines(line, " " * 8))
    return [*_values(recipe, screen), "", *facts, "", *_rates(recipe, screen)]


def _values(recipe: Recipe, screen: Screen) -> Iterator[str]:
    """`path  value  origin`, in three columns."""
    values = recipe.to_dict()
    rows = [
        (path, clean.line(_shown(value_at(values, path))), clean.line(_near(from_)))
        for path, from_ in recipe.origin.items()
    ]
    wide = [max(len(row[i]) for row in rows) for i in range(2)]
    wide[1] = min(wide[1], screen.width // 3)
    for path, value, origin in rows:
        line = f"{path:<{wide[0]}}  {value:<{wide[1]}}  "
        yield line + (screen.paint(origin, "dim") if origin == "default" else origin)


def _near(origin: str) -> str:
    """`file:line` as one would type it from here; a bundled recipe's file by its name."""
    if not os.path.isabs(origin):
        return origin
    return bundled.inside(origin) or min(os.path.relpath(origin), origin, key=len)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else write(value)


def _length(recipe: Recipe) -> Iterator[str]:
    plan, facts = recipe.plan(), recipe.facts
    batch = recipe.batch_size * recipe.train.accumulate
    yield f"data    {facts.train:,} training and {facts.val:,} validation samples of shape {_times(facts.shape)}"
    epochs = f"{plan.epochs:.4g} epochs of {plan.steps_per_epoch:,}"
    yield f"run     {words.count(plan.steps, 'step')} of {words.count(batch, 'sample')}: {epochs}"
    unused = facts.train - plan.steps_per_epoch * batch
    if unused:
        yield f"        {words.count(unused, 'sample')} of each epoch don't fill a step; they are others each time"


def _times(shape: Sequence[int]) -> str:
    return " x ".join(str(size) for size in shape)


def _others(recipe: Recipe) -> Iterator[str]:
    """What a schedule changes besides the rate."""
    scheduled, last = recipe.scheduled(), recipe.plan().steps - 1
    seen = [scheduled.others(step) for step in (0, last // 4, last // 2, last * 3 // 4, last)]
    for name in seen[0]:
        values = ", ".join(words.number(values[name]) for values in seen)
        yield f"        {name.replace('_', ' ')} from first to last step: {values}"


def _rates(recipe: Recipe, screen: Screen) -> Iterator[str]:
    rates = recipe.rates()
    first, last, peak = rates[0][1], rates[-1][1], max(rate for _, rate in rates)
    at = [words.number(rate) for rate in (first, peak, last)]
    told = [f"rate    {at[0]} at the first step, {at[1]} at most, {at[2]} at the last", *_others(recipe)]
    yield from (part for line in told for part in screen.lines(line, " " * 8))
    if first == last == peak:
        return
    curve = Curve("lr", read_only([step + 1 for step, _ in rates]), read_only([rate for _, rate in rates]))
    yield from chart.draw(curve, screen, height=5, log=False)
