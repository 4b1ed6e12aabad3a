"""Keras' console: `Epoch 3/10`, then bars that end in `loss: 0.4 - accuracy: 0.9 - val_loss: 0.5`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block, table
from optcli.run.source import Source
from optcli.run.text import NUMBER, Row, lines, sample

_EPOCH: Final = re.compile(r"^Epoch (\d+)(?:/(\d+))?\s*$")
_PAIR: Final = re.compile(rf"(?:^|- )([A-Za-z_]\w*): ({NUMBER})(?= -|\s*$)")
_BAR: Final = re.compile(r"^\s*(\d+)/(\d+|Unknown)\b")


def sniff(head: bytes, name: str) -> float:
    """`Epoch N/M` on a line of its own, and bars."""
    text = sample(head)
    epochs = sum(_EPOCH.match(line.strip()) is not None for line in text)
    bars = sum(_BAR.match(line) is not None and "loss:" in line for line in text)
    return 0.9 if epochs and bars else 0.0


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row an epoch: the last state of its bar."""
    rows: list[Row] = []
    planned, current = None, 0.0
    last: Row = {}
    whole = False
    for _, _, line in lines(source, offset):
        if found := _EPOCH.match(line.strip()):
            if last:
                rows.append({"epoch": current, **last})
            current, last = float(found[1]), {}
            planned = int(found[2]) if found[2] else planned
        elif (bar := _BAR.match(line)) and (pairs := _PAIR.findall(line.replace("\b", ""))):
            last = {name: float(value) for name, value in pairs}
            whole = bar[1] == bar[2]
    # The last epoch counts only if it is whole: its bar then carries the validation values that the others have.
    if last and whole and (not rows or set(rows[-1]) - {"epoch"} <= set(last)):
        rows.append({"epoch": current, **last})
    yield table(rows, format="keras-console", planned=planned)
