"""How often the first cause is the right one: `python scripts/score_causes.py CORPUS [--map CAUSES.csv] [--by FIELD]`.

CORPUS is a folder of runs, each a folder with its log and a `label.json` whose `cause` names what was done to the
training. The map is a CSV `planted,cause`: that name, and the public names of the causes that are right for it as
`a|b`, the best first; what is not in the map, or maps to nothing, isn't counted. `planted_causes.csv`, the default, is
such a map: of faults that can't be told apart from outside, such as an optimizer without the parameters and a rate of
0, either name is right, and what has no cause of its own (gradients that are never set to zero are too long a step)
has the name of the same cure. Said for every planted cause: runs,
how many got any cause at all, how often the first one was right, how often one of the three was, and what stood first
where it was wrong. A run whose illness wasn't found counts as wrong, so the shares can't be bought with silence.

With `--by task` the same is said for each task apart: look at some of them, and check what was concluded on the rest.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from score import interval, log_of

from optcli.diagnosis import engine
from optcli.run.assemble import read

MAP = Path(__file__).with_name("planted_causes.csv")
ENOUGH = 3
"""Runs of a kind from which on its share counts for the mean over kinds."""


@dataclass
class Share:
    """What was named for the runs of one planted cause."""

    runs: int = 0
    named: int = 0
    first: int = 0
    among: int = 0
    instead: Counter[str] = field(default_factory=Counter)
    """What stood first where it was wrong; `-` is no cause at all."""

    def add(self, right: Sequence[str], said: Sequence[str]) -> None:
        """Count one run: `said` are its causes, likeliest first."""
        self.runs += 1
        self.named += bool(said)
        self.first += bool(said) and said[0] in right
        self.among += bool(set(said) & set(right))
        if not said or said[0] not in right:
            self.instead[said[0] if said else "-"] += 1


def causes_of(folder: Path) -> list[str]:
    """The causes of the first run in a folder, likeliest first."""
    run = next(iter(read(log_of(folder))))
    return [cause.name for cause in engine.diagnose(run).causes]


def report(title: str, shares: Mapping[str, Share]) -> None:
    """Print a table."""
    print(f"{title}\n{'planted':36s}{'runs':>6s}{'named':>7s}{'first':>7s}{'among':>7s}  instead")
    for kind, s in sorted(shares.items()):
        wrong = " ".join(f"{name}:{n}" for name, n in s.instead.most_common(4))
        print(f"{kind:36s}{s.runs:6d}{s.named:7d}{s.first / s.runs:7.2f}{s.among / s.runs:7.2f}  {wrong}")
    runs, first = sum(s.runs for s in shares.values()), sum(s.first for s in shares.values())
    named = sum(s.named for s in shares.values())
    counted = [s.first / s.runs for s in shares.values() if s.runs >= ENOUGH]
    low, high = interval(first, runs)
    print(f"right cause first {first} of {runs} = {first / max(1, runs):.1%}, 95 % interval {low:.1%} to {high:.1%}")
    print(f"of the {named} runs that got a cause {first / max(1, named):.1%}")
    print(f"mean over {len(counted)} kinds of {ENOUGH} runs or more {sum(counted) / max(1, len(counted)):.1%}")


def main() -> int:
    """Read, diagnose, compare, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--map", type=Path, default=MAP, help="CSV planted,cause")
    parser.add_argument("--by", help="field of label.json to report apart, such as task")
    given = parser.parse_args()
    rows = csv.DictReader(given.map.read_text(encoding="utf-8").splitlines())
    right = {row["planted"]: row["cause"].split("|") for row in rows if row["cause"]}
    shares: dict[str, dict[str, Share]] = defaultdict(lambda: defaultdict(Share))
    for file in sorted(given.corpus.rglob("label.json")):
        label = json.loads(file.read_text(encoding="utf-8"))
        kind = str(label.get("cause"))
        if label.get("counts") is False or kind not in right:
            continue
        said = causes_of(file.parent)
        for group in {"all", str(label.get(given.by)) if given.by else "all"}:
            shares[group][kind].add(right[kind], said)
    for group, found in sorted(shares.items()):
        report(group, found)
    return 0 if shares else 5


if __name__ == "__main__":
    sys.exit(main())
