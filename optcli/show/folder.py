"""What lies in a run directory beside the curves: the recipe as run, and the summary of the training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from optcli.show import clean, words
from optcli.show.report import Report

_LIMIT: Final = 20_000
"""Characters of a recipe that are shown; an honest one has a tenth of that."""


def recipe(report: Report) -> str:
    """The recipe's text, or nothing."""
    return "" if report.recipe is None else clean.block(_text(Path(report.recipe)), _LIMIT)


def summary(report: Report) -> str:
    """`880 steps in 2.1 s · best val/accuracy 0.989 at step 748`, as far as the run directory tells."""
    if report.recipe is None:
        return ""
    try:
        told = json.loads(_text(Path(report.recipe).with_name("summary.json")) or "{}")
    except ValueError:
        return ""
    return " · ".join(_facts(told)) if isinstance(told, dict) else ""


def _facts(told: Mapping[str, Any]) -> list[str]:
    facts = []
    steps, seconds, best = told.get("steps"), told.get("wall_s"), told.get("best")
    if told.get("status") != "failed" and isinstance(steps, int) and isinstance(seconds, int | float):
        facts.append(f"{words.count(steps, 'step')} in {words.number(float(seconds), 3)} s")
    if isinstance(best, dict) and isinstance(best.get("value"), int | float):
        at = words.step(best["step"]) if isinstance(best.get("step"), int) else "?"
        facts.append(f"best {clean.line(best.get('metric'))} {words.number(float(best['value']))} at step {at}")
    return facts


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    except (OSError, ValueError):
        return ""
