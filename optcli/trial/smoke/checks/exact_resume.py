"""A run that was killed and resumed ends exactly where an undisturbed one does."""

from __future__ import annotations

import shutil
from typing import Final

from optcli.trial.smoke import replay
from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 80


def check(bench: Bench) -> Result:
    """Take a run back to its middle checkpoint, as a kill would leave it, and go on."""
    return replay.judged(bench, _resumed)


def _resumed(bench: Bench, ordered: bool) -> Result:
    whole = replay.whole(bench, ordered)
    if (broken := replay.cut_short(whole)) is not None:
        return broken
    killed = bench.folder / f"killed-{ordered}"
    shutil.copytree(whole, killed, symlinks=True)
    shutil.rmtree(killed / "checkpoints" / f"step-{replay.STEPS}")
    for file in ("summary.json", "diagnosis.json", "checkpoints/index.json"):
        (killed / file).unlink(missing_ok=True)
    resumed = bench.train(killed.name, replay.recipe(bench, ordered), resume=True)
    difference = replay.difference(whole, resumed)
    if difference:
        return Result(
            "fail",
            f"resumed at step {replay.HALF}, the run ends differently: {difference}",
            "state that is not in the model's state_dict is lost: register it as a buffer",
        )
    return Result("pass", f"resumed at step {replay.HALF}, the run ends the same at step {replay.STEPS}")
