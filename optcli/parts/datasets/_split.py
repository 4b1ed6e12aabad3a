"""Which samples are for validation: decided by a seed alone, without numpy, so that facts know the sizes."""

from __future__ import annotations

from collections import Counter
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


def whole_groups(groups: Sequence[Hashable], share: float, seed: int) -> list[int]:
    """Numbers of about `share` of the samples, in order: all those of some groups, drawn at random, but never of all.

    A group that is too large is passed over; where all are, the smallest is taken.

    Raises:
        ValueError: there is one group only.
    """
    sizes = Counter(groups)
    if len(sizes) < 2:
        raise ValueError("all samples are of one group; a split needs two")
    random, wanted = Random(f"groups {seed}"), share * len(groups)
    drawn = sorted(sizes, key=lambda group: (random.random(), str(group)))
    chosen: set[Hashable] = set()
    for group in drawn[:-1]:
        if sizes[group] / 2 <= wanted:
            wanted -= sizes[group]
            chosen.add(group)
    chosen = chosen or {min(drawn, key=sizes.__getitem__)}
    return [number for number, group in enumerate(groups) if group in chosen]


def tail(samples: int, share: float) -> int:
    """How many of the last samples are for validation: at least one, and never all."""
    return min(max(1, round(share * samples)), samples - 1)
