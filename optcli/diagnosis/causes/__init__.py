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
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from optcli.diagnosis import settings
from optcli.diagnosis.diagnosis import Cause, Finding, Prescription

RENAMED: Final[dict[str, str]] = {}
LEAST: Final = 0.2
"""Causes below this weight are not worth a reader's time."""
MOST: Final = 3
"""Longer lists of explanations explain nothing."""


@dataclass(frozen=True)
class Case:
    """What a cause weighs: findings by code (the surest of each) and the configuration as far as known."""

    findings: Mapping[str, Finding]
    config: Mapping[str, Any]

    def figure(self, code: str, name: str, default: float = math.nan) -> float:
        """A figure from the evidence of the finding `code`, or `default`."""
        finding = self.findings.get(code)
        found = finding.evidence.get(name) if finding is not None else None
        return default if found is None else found.value

    @property
    def crawls(self) -> bool:
        """Whether a loss that hardly moved does fall, by little and beyond doubt, in training or validation."""
        falls = self.figure("OPT104", "trend", 0.0), self.figure("OPT104", "val_trend", 0.0)
        return min(falls) < CERTAIN

    @property
    def collapsed(self) -> bool:
        """Whether a loss that ended where it began leapt up in between, by more than its noise."""
        noise = self.figure("OPT104", "noise", 0.0)
        return not self.crawls and self.figure("OPT104", "peak", 1.0) > LEAPT + 3 * noise

    @property
    def rate(self) -> float:
        """Decades between the configured learning rate and what is usual for its optimizer; 0 where not known."""
        lr, name = self.number("optimizer.lr"), settings.setting(self.config, "optimizer.name")
        usual = USUAL.get(str(name).lower().removeprefix("torch.optim."))
        return math.log10(lr / usual) if lr and lr > 0 and usual else 0.0

    def number(self, path: str) -> float | None:
        """The configured number at a recipe path, or None."""
        return settings.number(self.config, path)


CERTAIN: Final = -6.0
"""Standard errors from which a small fall is a fall."""
USUAL: Final = {
    "sgd": 0.05,
    "adam": 1e-3,
    "adamw": 1e-3,
    "nadam": 1e-3,
    "radam": 1e-3,
    "adamax": 2e-3,
    "rmsprop": 1e-3,
    "adagrad": 1e-2,
    "lion": 1e-4,
}
"""Learning rates that are usual for nets trained from scratch; fine-tuning takes a tenth to a hundredth of them."""
LEAPT: Final = 1.03
"""Highest block over the start level, beyond noise, of a run that leapt before it settled at chance level."""


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


def rank(findings: Sequence[Finding], config: Mapping[str, Any]) -> tuple[Cause, ...]:
    """The causes that findings speak for, likeliest first, each with its prescription."""
    surest: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: f.confidence):
        surest[finding.code] = finding
    case = Case(surest, config)
    weighed = sorted(((_odds(load(name), case), name) for name in files()), key=lambda w: (-w[0], w[1]))
    likely = [(_weight(odds), name) for odds, name in weighed if _weight(odds) >= LEAST]
    return tuple(_cause(name, weight, case) for weight, name in likely[:MOST])


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
    return Cause(name, round(weight, 3), because, cause.prescribe(case))
