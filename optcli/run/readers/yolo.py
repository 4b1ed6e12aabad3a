"""`results.txt` of YOLOv7, and of YOLOv5 and YOLOv3 before they had a CSV: no names, `0/99  7.27G  0.07323 ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, sample, share, tables
from optcli.run.unmeasured import measured

NAMES: Final = (
    *("train/box_loss", "train/obj_loss", "train/cls_loss", "train/loss", "labels", "img_size"),
    *("metrics/precision", "metrics/recall", "metrics/mAP_0.5", "metrics/mAP_0.5:0.95"),
    *("val/box_loss", "val/obj_loss", "val/cls_loss"),
)
"""What stands behind epoch and memory, by place; `train/loss` is the sum of the three before it."""
ROLES: Final = {"train/loss": "train/loss", **{f"val/{part}": f"val/{part}_loss" for part in ("box", "obj", "cls")}}
"""The parts of the validation loss are no partners of it: YOLOv7 picks the boxes that count by another rule in training
(OTA, arXiv:2103.14259) than in validation, so that the distance of the two says nothing."""
_LINE: Final = re.compile(rf"^\s*(\d+)/(\d+)\s+([\d.]+)G((?:\s+{NUMBER}){{13}})\s*$")
ENOUGH: Final = 2


def sniff(head: bytes, name: str) -> float:
    """Lines of an epoch, the memory and thirteen numbers."""
    return 0.95 * share(head, _LINE, ENOUGH)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row an epoch; the last epoch is in every line."""
    lines = map(_LINE.match, sample(source.head()))
    planned = next((int(found[2]) + 1 for found in lines if found), None)
    found = tables(source, _row, odd=bool, format="yolo-results", epochs=planned, roles=ROLES)
    yield from measured(list(found))


def _row(line: str) -> Row | None:
    found = _LINE.match(line)
    if found is None:
        return None
    values = map(float, found[4].split())
    return {"epoch": float(found[1]), "gpu_mem": float(found[3]), **dict(zip(NAMES, values, strict=True))}
