"""The words of a diagnosis: what was seen (Finding), what explains it (Cause) and what to do (Prescription)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from optcli.recipe.patch import Patch
from optcli.run.curve import Note

Severity = Literal["error", "warning", "info"]
Safety = Literal["safe", "likely", "guess"]
Status = Literal["healthy", "ill", "unknown", "unreadable"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From worst to mildest."""


@dataclass(frozen=True)
class Evidence:
    """A measured figure and its unit (`1` for a ratio, `steps`, `sigma`, ...)."""

    value: float
    unit: str


@dataclass(frozen=True)
class Finding:
    """Something seen in a curve.

    `first` to `last` is the stretch of steps that shows it; `known_at` the step at which there was enough evidence
    to say so; `healed_at` the step at which it was gone again. `confidence` is calibrated: of the findings said with
    0.9, nine in ten are right.
    """

    code: str
    name: str
    severity: Severity
    confidence: float
    curve: str
    first: float
    last: float
    known_at: float
    message: str
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    healed_at: float | None = None


@dataclass(frozen=True)
class Abstain:
    """A rule's word that it can't judge this run, and why."""

    reason: str


@dataclass(frozen=True)
class Prescription:
    """What to do about a cause.

    `patch` is exact and None where no recipe is known; `relative` says the same as factors (`{"lr": 0.3}`); `advice`
    holds plain words for `any` framework and the argument's name in `hf`, `lightning` and `keras`.
    """

    patch: Patch | None
    relative: Mapping[str, float]
    advice: Mapping[str, str]
    safety: Safety
    expect: str
    refuted_if: str


@dataclass(frozen=True)
class Cause:
    """An explanation of findings; `weight` from 0 to 1 ranks it, `because` lists the codes that speak for it."""

    name: str
    weight: float
    because: tuple[str, ...]
    prescription: Prescription


@dataclass(frozen=True)
class Diagnosis:
    """All that can be said of one run."""

    source: str
    format: str
    status: Status
    points: int
    roles: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    causes: tuple[Cause, ...] = ()
    notes: tuple[Note, ...] = ()
    abstained: Mapping[str, str] = field(default_factory=dict)
    """Code -> why that rule could not judge."""

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding, or None."""
        seen: set[Any] = {f.severity for f in self.findings}
        return next((s for s in SEVERITIES if s in seen), None)
