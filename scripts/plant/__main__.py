"""Plant faults in small real trainings: `python scripts/plant OUT [--jobs 2] [--only TEXT]`.

Every run gets a folder in OUT with `metrics.jsonl`, `hparams.json` (what the user's recipe shows) and `label.json` in
the form that `scripts/score.py` reads; `half` there is A or B, by task: look at A, check on B. A label needs a
consequence measured against the control of the same seed (`consequence.py`); runs without one are in `DROPPED.csv` and
nowhere else. An interrupted call goes on. What was trained is in OUT/cache, by its setup alone: delete it when loops,
nets or tasks have changed. Takes about half an hour of CPU time; needs scikit-learn.

    python scripts/plant OUT && python scripts/score.py OUT --map scripts/plant/codes.csv --by half
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from multiprocessing import get_context
from pathlib import Path

from plan import cases


def main() -> int:
    """Make all runs that are missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="cases with this text in their name")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from make import attempt

    work = [(case, given.out) for case in cases(given.only)]
    with get_context("spawn").Pool(given.jobs) as pool:
        for number, line in enumerate(pool.imap(attempt, work)):
            print(f"{number + 1}/{len(work)} {line}", flush=True)
    summarise(given.out)
    return 0


def summarise(out: Path) -> None:
    """DROPPED.csv from the notes that dropped cases left."""
    with (out / "DROPPED.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["case", "planted", "why"])
        table.writerows(note.read_text().split("\t") for note in sorted((out / "dropped").glob("*")))


if __name__ == "__main__":
    sys.exit(main())
