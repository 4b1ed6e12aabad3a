"""A diagnosis and what it is about: all that a format shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from optcli.diagnosis.diagnosis import SEVERITIES, Diagnosis
from optcli.run.curve import Curve, Run


@dataclass(frozen=True, eq=False)
class Report:
    """One run's diagnosis; `run` is None where nothing could be read, `recipe` is the path of its recipe if known."""

    diagnosis: Diagnosis
    run: Run | None = None
    recipe: str | None = None

    def curve(self, name: str) -> Curve | None:
        """The curve that a finding names, or None."""
        if self.run is None:
            return None
        return self.run.curve(name) or next((c for c in self.run.curves.values() if c.name == name and len(c)), None)

    @property
    def rank(self) -> tuple[int, float, str]:
        """For sorting: the worst and surest first."""
        told = self.diagnosis
        worst = told.worst
        sure = max((f.confidence for f in told.findings if f.severity == worst), default=0.0)
        order = SEVERITIES.index(worst) if worst else len(SEVERITIES)
        return (("unreadable", "ill", "unknown", "healthy").index(told.status), order - sure, told.source)


def fails(reports: Iterable[Report], level: str) -> bool:
    """Whether a finding stands (has not healed) at `level` (error, warning, info) or above; never for `never`."""
    bad = () if level == "never" else SEVERITIES[: [*SEVERITIES].index(level) + 1]  # type: ignore[arg-type]
    standing = (f for report in reports for f in report.diagnosis.findings if f.healed_at is None)
    return any(finding.severity in bad for finding in standing)
