"""One file per cause: what explains findings, and what to do about it. Causes don't know each other.

A cause is a module whose file name is its public name with `_` for `-`. Besides its docstring it holds

- `EVIDENCE`: code -> weight, above 0 for and below 0 against, in units of log-odds at full confidence
- `PRIOR`: optional log-odds before any evidence (default 0)
- `weigh(case) -> float`: optional log-odds from the figures inside findings and from the configuration
- `prescribe(case) -> Prescription`
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from optcli.diagnosis import settings
from optcli.diagnosis.causes._case import Case
from optcli.diagnosis.diagnosis import Cause, Finding, Prescription

__all__ = ["Case", "Explanation", "files", "load", "rank"]

RENAMED: Final[dict[str, str]] = {}
LEAST: Final = 0.2
"""Causes below this weight are not worth a reader's time."""
EVEN: Final = 0.5
MOST: Final = 3
"""Longer lists of explanations explain nothing."""
OPPOSITES: Final = ("learning-rate-too-high", "learning-rate-too-low")
"""Only the likelier of them is told: advice both ways helps nobody."""
HEALED: Final = 0.5
"""What is left of the confidence of a finding that has healed: it happened, but it is over."""


class Explanation(Protocol):
    """What a cause's module offers."""

    __name__: str
    EVIDENCE: Mapping[str, float]

    @staticmethod
    def prescribe(case: Case) -> Prescription:
        """What to do if this cause is the right one."""


@cache
def files() -> dict[str, Path]:
    """Public name -> file of every cause; nothing is imported."""
    here = Path(__file__).parent
    names = sorted(m.name for m in pkgutil.iter_modules([str(here)]) if not m.name.startswith("_"))
    return {name.replace("_", "-"): here / f"{name}.py" for name in names}


@cache
def load(name: str) -> Explanation:
    """The cause of that public name, imported.

    Raises:
        KeyError: there is no such cause.
    """
    return cast(Explanation, import_module(f"{__name__}.{files()[name].stem}"))


def rank(
    findings: Sequence[Finding], config: Mapping[str, Any], signs: Mapping[str, float] | None = None
) -> tuple[Cause, ...]:
    """The causes that findings speak for, likeliest first, but those of NaN before all, each with its prescription."""
    surest: dict[str, Finding] = {}
    faded = [f if f.healed_at is None else replace(f, confidence=f.confidence * HEALED) for f in findings]
    for finding in sorted(faded, key=lambda f: f.confidence):
        surest[finding.code] = finding
    case = Case(surest, config, signs or {})
    weighed = sorted(((_odds(load(name), case), name) for name in files()), key=lambda w: (-w[0], w[1]))
    told = {name: _weight(odds) for odds, name in weighed if _weight(odds) >= LEAST}
    for worse in [name for name in told if name in OPPOSITES][1:]:
        del told[worse]
    likely = [_cause(name, weight, case) for name, weight in told.items()]
    return tuple(sorted(likely[:MOST], key=lambda cause: not _of_nan(cause, case)))


def _of_nan(cause: Cause, case: Case) -> bool:
    """Whether it explains numbers that are none: whatever else there is comes after that."""
    standing = (code for code in cause.because if case.findings[code].healed_at is None)
    return cause.weight > EVEN and any(code.startswith("NUM") for code in standing)


def _odds(cause: Explanation, case: Case) -> float:
    """Log-odds of the cause; minus infinity when no finding speaks for it."""
    spoken = [w * case.findings[code].confidence for code, w in cause.EVIDENCE.items() if code in case.findings]
    if not any(w > 0 for w in spoken):
        return -math.inf
    more = getattr(cause, "weigh", None)
    return float(getattr(cause, "PRIOR", 0.0)) + sum(spoken) + (more(case) if more else 0.0)


def _weight(odds: float) -> float:
    return 1 / (1 + math.exp(-max(odds, -30.0)))


def _cause(name: str, weight: float, case: Case) -> Cause:
    cause = load(name)
    because = tuple(code for code, w in cause.EVIDENCE.items() if w > 0 and code in case.findings)
    advised = cause.prescribe(case)
    if advised.patch and all(settings.setting(case.config, path) == value for path, value in advised.patch.items()):
        advised = replace(advised, patch=None, relative={})  # the recipe does so already
    return Cause(name, round(weight, 3), because, advised)
