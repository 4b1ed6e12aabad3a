"""Score the diagnosis on a labelled corpus: `python scripts/score.py CORPUS [--map CODES.csv] [--by FIELD]`.

CORPUS is a folder of runs, each a folder with its log and a `label.json`: `labels` (kinds of illness; none for healthy
runs), `also_acceptable` (kinds that are neither required nor wrong), `total_steps`, `onset_by_label`. The map is a CSV
`code,label` with several labels as `a|b`; `ignore` for codes that claim no illness. Findings of severity `info` don't
count. Said for every kind: precision, recall, F1 and the delay after the onset as a share of the run; for the whole:
false alarms per healthy run with their 95 % interval (Wilson 1927), and how well confidence is calibrated.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from optcli.diagnosis import engine
from optcli.diagnosis.diagnosis import Finding
from optcli.run.assemble import read

Z95 = 1.959964
NOT_LOGS = {"label.json", "source.json", "hparams.json"}


@dataclass
class Tally:
    """Hits, false findings and misses of one kind, and the delays of its hits."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    delays: list[float] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of the findings that are right."""
        return self.hit / max(1, self.hit + self.false)

    @property
    def recall(self) -> float:
        """Share of the ill runs that were found."""
        return self.hit / max(1, self.hit + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hit / max(1, 2 * self.hit + self.false + self.missed)


@dataclass
class Score:
    """What came of a corpus."""

    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    healthy: int = 0
    alarms: int = 0
    claims: list[tuple[float, bool]] = field(default_factory=list)
    """Confidence of every finding, and whether it was right or at least acceptable."""

    def add(self, label: dict[str, Any], findings: Iterable[Finding], kinds_of: dict[str, list[str]]) -> None:
        """Count one run."""
        true, fine = set(label["labels"]), set(label.get("also_acceptable", ()))
        found: dict[str, float] = {}
        for finding in findings:
            if finding.severity == "info" or not (may := kinds_of.get(finding.code, [finding.code])):
                continue
            right = [k for k in may if k in true] or [k for k in may if k in fine][:1] or may[:1]
            self.claims.append((finding.confidence, bool(set(right) & (true | fine))))
            for kind in right:
                found[kind] = min(finding.known_at, found.get(kind, finding.known_at))
        self._count(label, true, fine, found)

    def _count(self, label: dict[str, Any], true: set[str], fine: set[str], found: dict[str, float]) -> None:
        onsets, steps = label.get("onset_by_label") or {}, max(1, label.get("total_steps") or 1)
        self.healthy += not true
        self.alarms += not true and bool(set(found) - fine)
        for kind in true | set(found):
            tally = self.kinds[kind]
            tally.hit += kind in true and kind in found
            tally.missed += kind in true and kind not in found
            tally.false += kind not in true | fine
            if kind in true and kind in found:
                tally.delays.append((found[kind] - onsets.get(kind, label.get("onset_step") or 0)) / steps)


def interval(part: int, whole: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, doi:10.1080/01621459.1927.10502953)."""
    if not whole:
        return 0.0, 1.0
    share, square = part / whole, Z95 * Z95
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = Z95 / (1 + square / whole) * (share * (1 - share) / whole + square / (4 * whole * whole)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration(claims: list[tuple[float, bool]]) -> Iterator[tuple[float, float, int]]:
    """Mean confidence, share that was right and number of findings, in tenths of confidence."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for sure, right in claims:
        bins[int(10 * sure)].append((sure, right))
    for _, inside in sorted(bins.items()):
        yield sum(s for s, _ in inside) / len(inside), sum(r for _, r in inside) / len(inside), len(inside)


def log_of(folder: Path) -> Path:
    """The log in a run's folder: its only file besides the label, `metrics.jsonl`, or the folder itself."""
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and f.name not in NOT_LOGS]
    plain = folder / "metrics.jsonl"
    return plain if plain in files else files[0] if len(files) == 1 else folder


def report(name: str, score: Score, least: int) -> None:
    """Print one table."""
    print(f"{name}\n{'kind':24s}{'runs':>6s}{'prec':>7s}{'rec':>7s}{'F1':>7s}{'delay':>7s}")
    for kind, t in sorted(score.kinds.items()):
        delay = f"{median(t.delays):7.2f}" if t.delays else "      -"
        print(f"{kind:24s}{t.hit + t.missed:6d}{t.precision:7.2f}{t.recall:7.2f}{t.f1:7.2f}{delay}")
    counted = [t.f1 for t in score.kinds.values() if t.hit + t.missed >= least]
    delays = [d for t in score.kinds.values() for d in t.delays]
    low, high = interval(score.alarms, score.healthy)
    print(f"macro-F1 {sum(counted) / max(1, len(counted)):.3f} over {len(counted)} kinds of {least} runs or more")
    print(f"false alarms {score.alarms} of {score.healthy} healthy runs, 95 % interval {low:.1%} to {high:.1%}")
    print(f"median delay {median(delays) if delays else float('nan'):.3f} of the run")
    for sure, right, count in calibration(score.claims):
        print(f"  said with {sure:.2f}: right {right:.2f} of {count}")


def main() -> int:
    """Read, diagnose, count, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--map", type=Path, help="CSV code,label")
    parser.add_argument("--by", help="field of label.json to report apart, such as task")
    parser.add_argument("--least", type=int, default=3, help="runs of a kind that make it count")
    given = parser.parse_args()
    rows = csv.DictReader(given.map.read_text().splitlines()) if given.map else []
    kinds_of = {r["code"]: [k for k in r["label"].split("|") if k != "ignore"] for r in rows}
    scores: dict[str, Score] = defaultdict(Score)
    for file in sorted(given.corpus.rglob("label.json")):
        label = json.loads(file.read_text())
        if label.get("counts") is False:
            continue
        findings = [f for run in read(log_of(file.parent)) for f in engine.diagnose(run).findings]
        for name in {"all", str(label.get(given.by)) if given.by else "all"}:
            scores[name].add(label, findings, kinds_of)
    for name, score in sorted(scores.items()):
        report(name, score, given.least)
    return 0 if scores else 5


if __name__ == "__main__":
    sys.exit(main())
