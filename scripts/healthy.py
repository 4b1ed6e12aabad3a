"""Campaign: healthy bundled recipes, several seeds each, give no warning; a sick one gives, as it is, its code.

    python scripts/healthy.py [--seeds 5] [--out DIRECTORY] [NAME ...]

Prints a line for each run and exits with 1 if any was not as expected. All recipes and 5 seeds take some ten minutes
of CPU time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from optcli.recipe import bundled

SICK = re.compile(r"^# expect: ([A-Z]{3}\d{3})$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """What came of one training."""

    name: str
    seed: int
    expected: str
    exit: int
    cpu_s: float
    best: float
    final: float
    findings: tuple[tuple[str, str], ...]
    """(severity, code)"""

    @property
    def good(self) -> bool:
        """A healthy recipe trains to its end without error or warning; a sick one gives its code."""
        codes = [code for severity, code in self.findings if self.expected or severity != "info"]
        return self.expected in codes if self.expected else self.exit == 0 and not codes

    def __str__(self) -> str:
        found = " ".join(f"{code}{'' if severity != 'info' else '(info)'}" for severity, code in self.findings) or "-"
        numbers = f"exit {self.exit}  {self.cpu_s:6.1f} s CPU  best {self.best:8.4f}  last {self.final:8.4f}"
        verdict = "ok " if self.good else "BAD"
        return (
            f"{verdict} {self.name:<22} seed {self.seed}  {numbers}  expected {self.expected or '-':<6}  found {found}"
        )


def measure(name: str, seed: int, folder: Path) -> Row:
    """Train in a process of its own; take what its run directory tells."""
    run = folder / f"{name.replace('/', '-')}-{seed}"
    before = os.times()
    ended = optcli("train", name, f"seed={seed}", "--run-dir", str(run))
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if not (run / "summary.json").is_file():
        raise SystemExit(f"{name} seed {seed}: no training, exit {ended.returncode}: {ended.stderr}")
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    said = json.loads(optcli("diagnose", str(run), "--format", "json").stdout)
    findings = tuple((f["severity"], f["code"]) for f in said["runs"][0]["findings"])
    best = summary["best"] or {}
    expected = SICK.search(bundled.path(name).read_text(encoding="utf-8"))
    return Row(
        name, seed, expected[1] if expected else "", ended.returncode, cpu,
        _number(best.get("value")), _number(summary["final"].get(best.get("metric"))), findings,
    )  # fmt: skip


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def optcli(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run([sys.executable, "-m", "optcli", *words], capture_output=True, text=True, check=False)


def main() -> int:
    """Run the campaign; the number of runs that were not as expected."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="keep the run directories here")
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.names or bundled.names():
            for seed in range(1 if name.startswith("sick/") else options.seeds):
                row = measure(name, seed, options.out or Path(scratch))
                bad += not row.good
                print(row, flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main() > 0)
