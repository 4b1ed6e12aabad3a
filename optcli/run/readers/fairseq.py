"""fairseq's console log: `... | INFO | train_inner | epoch 001: 100 / 5000 loss=9.1, ppl=...` or its JSON variant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from optcli.run.block import Block
from optcli.run.jsonrows import parse
from optcli.run.rows import flat
from optcli.run.source import Source
from optcli.run.text import NAME, NUMBER, Row, share, tables

_LINE: Final = re.compile(r"\| (train_inner|train|valid|test|valid\w*) \| (?=epoch|\{)")
_EPOCH: Final = re.compile(r"epoch +(\d+)")
_PAIR: Final = re.compile(rf"{NAME}[= ]({NUMBER})")
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """Lines with `| train_inner |`, `| train |` or `| valid |`."""
    return 0.93 * share(head, _LINE, 1)


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One row for every progress line; updates are the steps."""
    yield from tables(source, row, offset, format="fairseq-console")


def row(line: str) -> Row | None:
    """The numbers of a line. Averages over an epoch (`train`) get names of their own beside `train_inner`."""
    found = _LINE.search(line)
    if found is None:
        return None
    rest, kind = line[found.end() :], found[1]
    try:
        numbers = flat(parse(rest.encode())) if rest.startswith("{") else _pairs(rest)
    except (ValueError, AttributeError):
        return None
    named = {}
    for name, value in numbers.items():
        plain = name.removeprefix("train_").removeprefix("valid_")
        if plain in ("epoch", "num_updates") or kind == "train_inner":
            named[plain] = value
        else:
            named[f"{'train_epoch' if kind == 'train' else kind}/{plain}"] = value
    return named


def _pairs(text: str) -> Row:
    epoch = _EPOCH.search(text)
    numbers = {name: float(value) for name, value in _PAIR.findall(text) if name not in ("epoch", "on")}
    return numbers | ({"epoch": float(epoch[1])} if epoch else {})
