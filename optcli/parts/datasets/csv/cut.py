"""Which rows of a table are for validation, and whether a row is in both parts all the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from optcli.parts.datasets.csv.table import MISSING, Row, column, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from optcli.parts.datasets.csv import Options
    from optcli.parts.datasets.csv.columns import Target

How = Literal["auto", "random", "stratified", "grouped", "time"]
Labels = Mapping[bytes, "Sequence[str]"]
"""The target's cells of the rows with each key."""


@dataclass(slots=True)
class Cut:
    """The rule by which rows go to one part or the other: `see` every row of `file`, then `choose` keys."""

    how: How
    seed: int
    columns: tuple[str, ...] = ()
    """The column that decides, if one does; it is no input."""
    index: int | None = None
    kept: list[int] = field(default_factory=list)
    """The columns that make rows alike, where no column decides: all but those that are left out."""
    times: dict[bytes, float] = field(default_factory=dict)
    """When the rows with each key were (for `time`), in any unit."""

    @classmethod
    def of(cls, options: Options, path: str, header: list[str]) -> Cut:
        """The rule that the options ask for.

        Raises:
            ValueError: they contradict each other, or there is no such column.
        """
        named: dict[How, str | None] = {"grouped": options.group, "time": options.time}
        given = [how for how, name in named.items() if name is not None]
        how: How = given[0] if options.split == "auto" and given else options.split
        if options.validation_file and options.split != "auto":
            raise ValueError("`split` has no effect beside `validation_file`; remove one of them")
        if given not in ([], [how]):
            other = "time" if how == "grouped" or given == ["time"] else "group"
            raise ValueError(f"`{other}` has no effect on a split that is {how}; remove it")
        if how not in named:
            kept = [index for index, name in enumerate(header) if name not in options.drop]
            return cls(how, options.split_seed, kept=kept)
        name = named[how]
        if name is None:
            option = "group" if how == "grouped" else "time"
            raise ValueError(f"`split: {how}` needs a column; name it with `{option}`")
        return cls(how, options.split_seed, (name,), column(path, header, name))

    def key(self, row: Row) -> bytes:
        """What rows share that must stay in one part; ordering by it is a shuffle that depends on the seed alone."""
        cells = [row.cells[at] for at in (self.kept if self.index is None else (self.index,))]
        text = f"{self.seed}\x1e" + "\x1f".join(cells)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def see(self, row: Row, where: str) -> None:
        """Look at the deciding cell.

        Raises:
            ValueError: it is missing, or no time.
        """
        if self.index is None:
            return
        cell = row.cells[self.index]
        if cell.lower() in MISSING:
            raise ValueError(f"{where}: column `{self.columns[0]}` is missing; give it a value, or leave the row out")
        if self.how == "time":
            self.times[self.key(row)] = _time(cell, f"{where}: column `{self.columns[0]}`")

    def choose(self, labels: Labels, share: float, target: Target) -> frozenset[bytes]:
        """Keys of about `share` of the rows. A class's only row, where classes matter, is for training.

        Raises:
            ValueError: stratified, but the target is no class; or all rows are of one group or time.
        """
        if self.index is not None and len(set(self.times.values()) or labels) == 1:
            what = "time" if self.how == "time" else "group"
            told = f"all rows are of one {what}, as column `{self.columns[0]}` holds only one"
            raise ValueError(f"{told}; a split needs two: remove `{what}`, or name another column")
        if self.how == "stratified" and not target.classes:
            raise ValueError(f"target `{target.name}` has no classes to stratify by; use `split: random`")
        if self.how == "time":
            return self._latest(labels, share)
        strata: dict[int, list[bytes]] = {}
        apart = bool(target.classes) and self.how in ("auto", "stratified")
        for key in sorted(labels):
            strata.setdefault(target.number(labels[key][0]) if apart else 0, []).append(key)
        chosen = [key for keys in strata.values() for key in _some(keys[:-1], labels, share * _rows(keys, labels))]
        spare = [key for keys in strata.values() for key in keys[:-1]]
        # Very few rows, or nearly all of them copies: one is better than none.
        return frozenset(chosen or sorted(spare, key=lambda key: len(labels[key]))[:1])

    def _latest(self, labels: Labels, share: float) -> frozenset[bytes]:
        """The latest times; rows of one time, however written, stay together."""
        wanted, chosen = share * _rows(labels, labels), 0
        moments: dict[float, list[bytes]] = {}
        for key, time in self.times.items():
            moments.setdefault(time, []).append(key)
        held: list[bytes] = []
        for time in sorted(moments, reverse=True)[:-1]:
            size = _rows(moments[time], labels)
            if held and chosen + size / 2 > wanted:
                break
            chosen += size
            held += moments[time]
        return frozenset(held)


def _rows(keys: Iterable[bytes], labels: Labels) -> int:
    return sum(len(labels[key]) for key in keys)


def _some(keys: list[bytes], labels: Labels, wanted: float) -> Iterable[bytes]:
    """Keys in order until about that many rows are reached; one with too many rows is passed over."""
    for key in keys:
        if len(labels[key]) / 2 <= wanted:
            wanted -= len(labels[key])
            yield key


def _time(cell: str, where: str) -> float:
    """A number as it is, a date as seconds."""
    value = number(cell)
    if value is not None and math.isfinite(value):
        return value
    found = date(cell)
    if found is None:
        help = "write it as 2024-01-31 or 2024-01-31T08:30"
        raise ValueError(f"{where}: `{cell[:40]}` is neither a number nor a date; {help}")
    return found.timestamp()


def date(cell: str) -> datetime | None:
    """An ISO 8601 date, without a time zone in UTC; None if it is none."""
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(slots=True)
class Doubles:
    """Finds rows that are in both parts: `see` every row, then ask for `notes`."""

    indices: list[int]
    """The columns that are compared: inputs and target."""
    train: set[bytes] = field(default_factory=set)
    val: list[tuple[bytes, str]] = field(default_factory=list)

    def see(self, is_val: bool, where: str, row: Row) -> None:
        """Remember the row."""
        text = "\x1f".join(row.cells[index] for index in self.indices)
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        if is_val:
            self.val.append((digest, where))
        else:
            self.train.add(digest)

    def notes(self) -> tuple[str, ...]:
        """How many there are, and where the first stands."""
        places = [where for digest, where in self.val if digest in self.train]
        if not places:
            return ()
        return (
            f"{len(places):,} of {len(self.val):,} validation rows are training rows too, the first at {places[0]}",
        )
