"""The live diagnosis: rows go into the journal, findings right behind the row that proved them, and somebody decides.

A finding stands in the journal at the step where enough was known, wherever the windows ended, so that an interrupted
run's journal is that of an undisturbed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from optcli.diagnosis.diagnosis import Finding
from optcli.diagnosis.live import Live
from optcli.recipe.sections import Monitor as Policy
from optcli.run.curve import End

Row = Mapping[str, Any]


class Sink(Protocol):
    """What the monitor needs of a journal."""

    def rows(self, rows: Sequence[Row]) -> None: ...
    def event(self, event: str, **fields: Any) -> None: ...


class Monitor:
    """Judges the run as it grows.

    Args:
        fresh: makes an empty live diagnosis.
        warn: says a new finding to the user.
    """

    def __init__(
        self, journal: Sink, fresh: Callable[[], Live], policy: Policy, warn: Callable[[Finding], None]
    ) -> None:
        self._journal, self._fresh, self._policy, self._warn = journal, fresh, policy, warn
        self.live = fresh()
        self.stop: Finding | None = None

    def take(self, rows: Sequence[Row], *, closed: bool) -> None:
        """Log the rows and what is found in them; `closed` says that no more rows belong to the last step."""
        found = self.live.add(rows, closed=closed)
        begin = 0
        for finding in sorted(found, key=lambda f: f.known_at):
            end = next((i for i in range(begin, len(rows)) if rows[i]["step"] > finding.known_at), len(rows))
            self._journal.rows(rows[begin:end])
            self._say(finding)
            begin = end
        if begin < len(rows):
            self._journal.rows(rows[begin:])

    def replay(self, rows: Sequence[Row], *, closed: bool) -> None:
        """Begin anew with rows that are in the journal already; what they show has been said."""
        self.live, self.stop = self._fresh(), None
        self.live.add(rows, closed=closed)

    def finish(self, end: End) -> None:
        """The run has come to its end: say what only an end can show."""
        for finding in self.live.finish(end):
            self._say(finding)

    def _say(self, finding: Finding) -> None:
        self._journal.event("finding", step=int(finding.known_at), **_fields(finding))
        deed = {"error": self._policy.error, "warning": self._policy.warning}.get(finding.severity, "ignore")
        if deed == "ignore":
            return
        self._warn(finding)
        if deed == "stop" and self.stop is None:
            self.stop = finding


def _fields(finding: Finding) -> dict[str, Any]:
    fields = asdict(finding)
    del fields["healed_at"]
    return fields
