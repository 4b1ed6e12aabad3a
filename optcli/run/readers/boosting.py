"""Consoles of gradient boosting: XGBoost and LightGBM `[10]\\ttrain-logloss:0.4\\teval-logloss:0.5`, CatBoost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, share, tables

_ROUND: Final = re.compile(rf"^(?:\[[\d:. -]{{1,40}}\] )?\[(\d+)\]\s+(?=\S[^:]{{0,200}}: ?{NUMBER})")
_XGB: Final = re.compile(rf"(?<!\S)([\w.-]{{1,80}}?)-([A-Za-z][\w@.-]{{0,80}}):({NUMBER})")
_LGB: Final = re.compile(rf"(?<!\S)(\S{{1,80}}?)'s ([\w@.-]{{1,80}}): ({NUMBER})")
_CAT: Final = re.compile(rf"^(\d+):\s+learn: ({NUMBER})(?:\s+test: ({NUMBER}))?")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of `[N]` and pairs, or CatBoost's `N: learn:`."""
    return 0.885 * max(share(head, _ROUND, 2), share(head, _CAT, 2))


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a round."""
    state = source.keep(_State)
    yield from tables(source, state.row, offset, format="boosting-console")
    if state.first is not None:
        source.whole = True
        yield Block({}, roles=state.roles())


class _State:
    """CatBoost doesn't print which metric it prints: on the training set a loss falls, a score rises."""

    def __init__(self) -> None:
        self.first: float | None = None
        self._last = 0.0

    def row(self, line: str) -> Row | None:
        """The numbers of a line."""
        found = row(line)
        if found and "learn" in found:
            self._last = found["learn"]
            self.first = self._last if self.first is None else self.first
        return found

    def roles(self) -> dict[str, str]:
        """What `learn` and `test` are."""
        kind = "score" if self.first is not None and self._last > self.first else "loss"
        return {f"train/{kind}": "learn", f"val/{kind}": "test"}


def row(line: str) -> Row | None:
    """The numbers of a line, under `<set>/<metric>`."""
    if found := _ROUND.match(line):
        pairs = _LGB.findall(line) or _XGB.findall(line)
        return {"iteration": float(found[1]), **{f"{name}/{metric}": float(value) for name, metric, value in pairs}}
    if found := _CAT.match(line):
        test = {"test": float(found[3])} if found[3] else {}
        return {"iteration": float(found[1]), "learn": float(found[2]), **test}
    return None
