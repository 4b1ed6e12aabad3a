"""Two runs with one seed are the same, bit for bit: losses, metrics and weights."""

from __future__ import annotations

from typing import Final

from optcli.trial.smoke import replay
from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 70


def check(bench: Bench) -> Result:
    """Train a few steps twice."""
    return replay.judged(bench, _twice)


def _twice(bench: Bench, ordered: bool) -> Result:
    first = replay.whole(bench, ordered)
    if (broken := replay.cut_short(first)) is not None:
        return broken
    second = bench.train(f"again-{ordered}", replay.recipe(bench, ordered))
    difference = replay.difference(first, second)
    if difference:
        return Result(
            "fail",
            f"two runs with seed {bench.recipe.seed} differ: {difference}",
            "look for own random numbers without a seed, or set train.deterministic: true",
        )
    return Result("pass", f"two runs of {replay.STEPS} steps with seed {bench.recipe.seed} are identical")
