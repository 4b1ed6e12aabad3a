"""What a change to a rule does: `python scripts/diff_findings.py [--store] [LOG ...]`.

Diagnoses the stored logs of the clinic and prints what differs from the stored findings, a line for each: `+` is new,
`-` is gone, `~` says the same elsewhere or more or less surely. Exit code 1 if anything differs. With `--store` the
findings are stored; look at the difference first, and say in the commit why it is right. LOGs besides the clinic's
(files or directories of your own) are compared with what was stored for them in `--snapshot FILE`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from optcli.diagnosis import engine
from optcli.run.assemble import read

CLINIC = Path(__file__).parents[1] / "tests" / "clinic"
RUNS = CLINIC / "runs"
SNAPSHOT = CLINIC / "findings.json"
DIGITS = 6
Said = dict[str, list[float]]
"""Code and curve -> first step, step at which it became known, confidence; a severity is part of the key."""


def logs(folder: Path = RUNS) -> list[Path]:
    """The stored logs, sorted."""
    return sorted(f for f in folder.iterdir() if f.name != "INDEX.csv")


def said(path: Path) -> Said:
    """All findings for one log, those that say nothing but `info` too."""
    found: Said = {}
    for number, run in enumerate(read(path)):
        for finding in engine.diagnose(run).findings:
            key = f"{finding.code} {finding.severity} {finding.curve}" + (f" #{number}" if number else "")
            figures = finding.first, finding.known_at, finding.confidence
            found[key] = [float(f"{figure:.{DIGITS}g}") for figure in figures]
    return dict(sorted(found.items()))


def collect(paths: Iterable[Path]) -> dict[str, Said]:
    """Findings by the name of the log."""
    return {path.name: said(path) for path in paths}


def differences(before: dict[str, Said], after: dict[str, Said]) -> Iterator[str]:
    """One line for each finding that came, went or moved."""
    for name in sorted(before | after):
        old, new = before.get(name, {}), after.get(name, {})
        for key in sorted(old | new):
            if key not in old:
                yield f"+ {name}: {key} at {new[key][1]:g}"
            elif key not in new:
                yield f"- {name}: {key} at {old[key][1]:g}"
            elif old[key] != new[key]:
                words = ("first", "known", "confidence")
                moved = [f"{w} {a:g} -> {b:g}" for w, a, b in zip(words, old[key], new[key], strict=True) if a != b]
                yield f"~ {name}: {key}: {', '.join(moved)}"


def main() -> int:
    """Compare, print, and store if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("logs", nargs="*", type=Path, help="other logs than the clinic's")
    parser.add_argument("--snapshot", type=Path, default=SNAPSHOT)
    parser.add_argument("--store", action="store_true", help="take today's findings as right")
    given = parser.parse_args()
    before = json.loads(given.snapshot.read_text()) if given.snapshot.exists() else {}
    after = collect(given.logs or logs())
    changed = list(differences(before, after))
    print("\n".join(changed) or f"nothing changed in {len(after)} logs")
    if given.store:
        given.snapshot.write_text(json.dumps(after, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    return int(bool(changed) and not given.store)


if __name__ == "__main__":
    sys.exit(main())
