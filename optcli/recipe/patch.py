"""A change to a recipe: what is typed on the command line, tried by tuning, proposed by a prescription."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Patch(Mapping[str, Any]):
    """An ordered map from a recipe's path (`optimizer.lr`, `regularizers.l1.strength`) to the new value.

    A part in a list is addressed by its name; `None` removes what stands there.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, path: str) -> Any:
        return self.changes[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)
