"""summary.json: what a run came to, in numbers."""

from __future__ import annotations

import time
from typing import Any

from optcli.recipe.recipe import Recipe
from optcli.train.resources import resources
from optcli.train.training import Ending, Training


def summary(recipe: Recipe, t: Training, ending: Ending) -> dict[str, Any]:
    """Times in seconds unless named otherwise; `cpu_us_per_step` leaves out first epoch, evaluations and saving."""
    position, meter = t.position, t.meter
    wall_us = meter.wall_us
    return {
        "version": 1,
        "name": recipe.name,
        "status": ending.status,
        "reason": ending.reason,
        "exit_code": int(ending.code),
        "steps": position.step,
        "planned": t.agenda.total,
        "epochs": round(position.step / t.batches.per_epoch, 4),
        "wall_s": round(t.earlier + time.perf_counter() - t.opened, 3),
        "cpu_us_per_step": meter.cpu_us,
        "wall_us_per_step": wall_us,
        "samples_per_s": t.batches.samples / wall_us * 1e6 if wall_us else None,
        "peak_memory_mib": round(t.world.peak_mib(), 1),
        "device": str(t.world.device),
        "processes": t.world.size,
        **t.info["chosen"],
        "best": position.best or None,
        "final": {"train/loss": position.loss, **position.last},
        "regularizers": position.reports,
        "time_to_target_s": position.reached,
        "rollbacks": position.rollbacks,
        "resources": resources(t) if ending.status == "finished" else None,
    }
