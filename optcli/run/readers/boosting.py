"""Consoles of gradient boosting: XGBoost and LightGBM `[10]\\ttrain-logloss:0.4\\teval-logloss:0.5`, CatBoost."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.roles import SPLITS, meaning, words
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, share, tables

_ROUND: Final = re.compile(rf"^(?:\[[\d:. -]{{1,40}}\] )?\[(\d+)\]\s+(?=\S[^:]{{0,200}}: ?{NUMBER})")
_XGB: Final = re.compile(rf"(?<!\S)([\w.-]{{1,80}}?)-([A-Za-z][\w@.-]{{0,80}}): ?({NUMBER})")
_PLAIN: Final = re.compile(rf"(?<!\S)([A-Za-z]\w{{0,80}}): ?({NUMBER})(?!\S)")
"""`loss:0.69` among them: xLearn and programs that print as XGBoost does."""
_LGB: Final = re.compile(rf"(?<!\S)(\S{{1,80}}?)'s ([\w@.-]{{1,80}}): ({NUMBER})")
_CAT: Final = re.compile(rf"^(\d+):\s+(?=learn: {NUMBER})")
_CAT_PAIR: Final = re.compile(rf"\b(learn|test\d*|best): ({NUMBER})")
_UNTIL: Final = re.compile(r"^Will train until ([\w.-]{1,80}?)-[A-Za-z][\w@.-]{0,80} hasn't improved")
"""XGBoost says which set stops it."""
_BEST: Final = re.compile(r"\bbest iteration\b[\w ]{0,9}:\s*$", re.I)
"""The line below is the best round, most often once more."""
_UNNAMED: Final = re.compile(r"validation_\d+")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines of `[N]` and pairs, or CatBoost's `N: learn:`."""
    return 0.885 * max(share(head, _ROUND, 2), share(head, _CAT, 2))


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row a round."""
    state = source.keep(_State)
    yield from tables(source, state.row, offset, format="boosting-console")
    roles = state.roles()
    source.whole = bool(roles)
    yield Block({}, roles=roles)


class _State:
    """Which column plays which role, where the names don't tell.

    CatBoost doesn't print which metric it prints. A best value above that of the test set, or one on the training set
    that rises, is a score's. Of several validation sets the one counts that stops the training, else the last: callers
    put the training set first, which XGBoost's own `validation_0` then is.
    """

    def __init__(self) -> None:
        self._score: bool | None = None
        self._first: float | None = None
        self._last = 0.0
        self._sets: dict[str, list[str]] = {}
        self._until = ""
        self._again = False
        self._round = -1.0

    def row(self, line: str) -> Row | None:
        """The numbers of a line."""
        found = row(line)
        again, self._again = self._again, found is None and _BEST.search(line) is not None
        if found is None:
            self._until = until[1] if (until := _UNTIL.match(line)) else self._until
            return None
        if again and found["iteration"] <= self._round:
            return None
        self._round = found["iteration"]
        if "learn" in found:
            self._compare(found)
        else:
            for name in found:
                part, _, metric = name.partition("/")
                if metric and metric not in self._sets.setdefault(part, []):
                    self._sets[part].append(metric)
        return found

    def _compare(self, found: Row) -> None:
        self._last = found["learn"]
        self._first = self._last if self._first is None else self._first
        best = found.pop("best", math.nan)
        tests = [name for name in found if name.startswith("test")]
        self._sets |= {name: [] for name in tests}
        if self._score is None and tests and not math.isnan(best) and best != found[tests[-1]]:
            self._score = best > found[tests[-1]]

    def roles(self) -> dict[str, str]:
        """What the columns are; nothing where their names say it."""
        if self._first is not None:
            rises = self._last > self._first if self._score is None else self._score
            kind = "score" if rises else "loss"
            held = [f"test/{kind}"] * (len(self._sets) - 1) + [f"val/{kind}"]
            return {f"train/{kind}": "learn", **dict(zip(held, self._sets, strict=False))}
        held = [part for part in self._sets if SPLITS.get(words(part)[0] if words(part) else "") == "val"]
        if len(held) < 2:
            return {}
        chosen = self._until if self._until in held else held[-1]
        first = next(iter(self._sets))
        trained = self._roles(first) if first != chosen and all(map(_UNNAMED.fullmatch, self._sets)) else {}
        return {role.replace("val/", "train/"): name for role, name in trained.items()} | self._roles(chosen)

    def _roles(self, part: str) -> dict[str, str]:
        named = {metric: meaning(f"{part}/{metric}") for metric in self._sets[part]}
        return {found.role: f"{part}/{metric}" for metric, found in named.items() if found is not None}


def row(line: str) -> Row | None:
    """The numbers of a line, under `<set>/<metric>`."""
    if found := _ROUND.match(line):
        lightgbm = _LGB.findall(line)
        sets = {f"{name}/{metric}": float(value) for name, metric, value in lightgbm or _XGB.findall(line)}
        plain = {} if lightgbm else {name: float(value) for name, value in _PLAIN.findall(line, found.end())}
        return {"iteration": float(found[1]), **plain, **sets}
    if found := _CAT.match(line):
        numbers = {name: float(value) for name, value in _CAT_PAIR.findall(line, found.end())}
        return {"iteration": float(found[1]), **numbers}
    return None
