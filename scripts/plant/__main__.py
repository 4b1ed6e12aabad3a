"""Plant faults in small real trainings: `python scripts/plant OUT [--jobs 2] [--only TEXT]`.

Every run gets a folder in OUT with `metrics.jsonl`, `hparams.json` (what the user's recipe shows) and `label.json` in
the form that `scripts/score.py` reads; `half` there is A or B, by task: look at A, check on B. A label needs a
consequence measured against the control of the same seed (`consequence.py`); runs without one are in `DROPPED.csv` and
nowhere else. An interrupted call goes on. What was trained is in OUT/cache, by its setup alone: delete it when loops,
nets or tasks have changed. Takes roughly half an hour of CPU time; needs scikit-learn.

    python scripts/plant OUT && python scripts/score.py OUT --map scripts/plant/codes.csv --by half
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections import Counter
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
    """INDEX.csv of what was kept, DROPPED.csv of what was not, and how many there are of each kind."""
    labels = [json.loads(file.read_text()) for file in sorted(out.glob("*/label.json"))]
    columns = ("run", "half", "labels", "also_acceptable", "cause", "onset_step", "total_steps", "points", "log_style")
    said = [[" ".join(v) if isinstance(v := label[c], list) else v for c in columns] for label in labels]
    notes = [note.read_text().split("\t") for note in sorted((out / "dropped").glob("*"))]
    for name, head, rows in (("INDEX", columns, said), ("DROPPED", ("case", "planted", "why"), notes)):
        with (out / f"{name}.csv").open("w", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(head)
            table.writerows(rows)
    kinds = Counter((kind, label["half"]) for label in labels for kind in label["labels"] or ["healthy"])
    for kind in sorted({kind for kind, _ in kinds}):
        print(f"{kind:24s} A {kinds[kind, 'A']:3d}  B {kinds[kind, 'B']:3d}")
    print(f"{len(labels)} runs, {len(notes)} dropped")


if __name__ == "__main__":
    sys.exit(main())
