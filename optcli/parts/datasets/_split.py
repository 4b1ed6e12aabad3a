"""Which samples are for validation: decided by a seed alone, without numpy, so that facts know the sizes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from random import Random


def held_out(groups: Sequence[Hashable], share: float, seed: int) -> list[int]:
    """Numbers of about `share` of the samples, in order: of each group (a class) its share, drawn at random.

    A group keeps at least one sample for training. Where no group is large enough, the largest gives one.
    """
    random = Random(f"split {seed}")
    members: dict[Hashable, list[tuple[float, int]]] = {}
    for number, group in enumerate(groups):
        members.setdefault(group, []).append((random.random(), number))
    chosen = [
        n for drawn in members.values() for _, n in sorted(drawn)[: min(round(share * len(drawn)), len(drawn) - 1)]
    ]
    if not chosen and members:
        largest = max(members.values(), key=len)
        chosen = [min(largest)[1]] if len(largest) > 1 else []
    return sorted(chosen)


def tail(samples: int, share: float) -> int:
    """How many of the last samples are for validation: at least one, and never all."""
    return min(max(1, round(share * samples)), samples - 1)
