"""Short trainings that are compared with each other: the same twice, and with an interruption."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from optcli.recipe.patch import Patch
from optcli.run import strict_json
from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

if TYPE_CHECKING:
    from optcli.recipe.recipe import Recipe

STEPS: Final = 6
HALF: Final = 3


ORDERED: Final = "; with train.deterministic: true, since this device's kernels else add in any order"


def recipe(bench: Bench, ordered: bool = False) -> Recipe:
    """The recipe over a few steps, saved in the middle and at the end; `ordered`: with deterministic kernels only."""
    short = bench.shortened(STEPS, HALF)
    return Patch({"train.deterministic": True}).apply(short) if ordered else short


def whole(bench: Bench, ordered: bool = False) -> Path:
    """The undisturbed run; trained once for all checks."""
    path = bench.folder / f"whole-{ordered}"
    return path if (path / "summary.json").exists() else bench.train(path.name, recipe(bench, ordered))


def judged(bench: Bench, check: Callable[[Bench, bool], Result]) -> Result:
    """The result of `check(bench, ordered)`: on an accelerator, runs that differ get a second try with ordered sums.

    Two runs with the fastest kernels of a GPU differ in their roundings, which is nobody's mistake.
    """
    result = check(bench, False)
    if result.status == "pass" or bench.world.device.type == "cpu" or bench.recipe.train.deterministic:
        return result
    again = check(bench, True)
    return replace(again, message=again.message + ORDERED) if again.status == "pass" else again


def cut_short(run: Path) -> Result | None:
    """The failure to tell where the training itself broke off, so that there is nothing to compare."""
    told = strict_json.loads((run / "summary.json").read_bytes())
    if told["status"] == "finished":
        return None
    message = f"the training breaks off: {told['reason'].partition(';')[0]}"
    return Result("fail", message, "`optcli train` with the same recipe says more; a lower rate is the usual cure")


def difference(one: Path, other: Path) -> str:
    """What differs between two runs, or nothing: their journals but for clocks and resumes, and their last weights."""
    for a, b in zip(*map(_rows, (one, other)), strict=False):
        if a != b:
            keys = [k for k in a if a.get(k) != b.get(k)]
            return f"{keys[0] if keys else 'a row'} at step {a.get('step')}"
    if len(_rows(one)) != len(_rows(other)):
        return "one journal is longer"
    return "" if _weights(one) == _weights(other) else "the weights"


def _rows(run: Path) -> list[dict[str, Any]]:
    lines = (strict_json.loads(line) for line in (run / "journal.jsonl").read_bytes().splitlines())
    return [
        {k: v for k, v in row.items() if k != "clock"}
        for row in lines
        if "step" in row and row.get("event") != "resume"
    ]


def _weights(run: Path) -> bytes:
    return hashlib.sha256((run / "checkpoints" / f"step-{STEPS}" / "model.safetensors").read_bytes()).digest()
