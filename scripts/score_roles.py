"""How often the roles are right on labelled logs.

    python scripts/score_roles.py FOLDER

Every folder below FOLDER with a `label.json` (lists `train` and `val` of {series, n, first, last}) holds one log. The
headline curve is right when it is one of the series that the label names, with its first value and number of points.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from optcli.run.assemble import read
from optcli.run.block import Unreadable

NOT_LOGS = ("label.json", "source.json", "hparams.json")


def log_in(folder: Path) -> Path:
    """The folder's log: its only file, or the folder itself where there are several."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name not in NOT_LOGS]
    return files[0] if len(files) == 1 else folder


def same(label: list[dict[str, Any]], name: str | None) -> bool:
    """Whether a series with this name is among those of the label (none in both is right, too)."""
    if name is None:
        return not label
    return any(one["series"] == name or one["series"].rpartition("/")[2] == name for one in label)


def judge(folder: Path) -> list[str]:
    """What is wrong with the roles of this log."""
    label = json.loads((folder / "label.json").read_text())
    try:
        run = read(str(log_in(folder)))[0]
    except Unreadable as error:
        return [f"unreadable: {error.reason}"]
    wrong = []
    for part, role in (("train", "train/loss"), ("val", "val/loss")):
        told = label.get(part, [])
        if not same(told, run.roles.get(role)):
            wrong.append(f"{role} is {run.roles.get(role)}, label says {[one['series'] for one in told]}")
        elif told and not _first(run.curves[role].value, told):
            wrong.append(f"{role}: other values than {told[0]}")
    return wrong


def _first(values: Any, told: list[dict[str, Any]]) -> bool:
    return any(
        one["first"] is None or math.isclose(values[0], one["first"], rel_tol=1e-4, abs_tol=1e-9) for one in told
    )


def main() -> int:
    """Print what is wrong and the share that is right."""
    folders = sorted(p.parent for p in Path(sys.argv[1]).rglob("label.json"))
    wrong = {folder: found for folder in folders if (found := judge(folder))}
    for folder, found in wrong.items():
        print(f"{folder.name}: {'; '.join(found)}")
    print(f"{len(folders) - len(wrong)} of {len(folders)} right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
