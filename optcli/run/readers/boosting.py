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
    yield from tables(source, row, offset, format="boosting-console")


def row(line: str) -> Row | None:
    """The numbers of a line, under `<set>/<metric>`."""
    if found := _ROUND.match(line):
        pairs = _LGB.findall(line) or _XGB.findall(line)
        return {"iteration": float(found[1]), **{f"{name}/{metric}": float(value) for name, metric, value in pairs}}
    if found := _CAT.match(line):
        test = {"test loss": float(found[3])} if found[3] else {}
        return {"iteration": float(found[1]), "learn loss": float(found[2]), **test}
    return None
