"""Delimited tables of any naming: Lightning, Keras, Ultralytics, fastai, timm, DVCLive, W&B exports, anybody's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from optcli.run import long
from optcli.run import notes as say
from optcli.run.block import Block, Column, Unreadable, table
from optcli.run.delimited import Table, aside, asides, cells, headline, in_cells, layout, read_rows
from optcli.run.models import speaks
from optcli.run.numbers import grid, number
from optcli.run.roles import CLOCK_NAMES, EPOCH_NAMES, HOPELESS, STEP_NAMES, meaning
from optcli.run.rows import AXES, from_grid, from_words, tagged
from optcli.run.sidecar import beside_ultralytics
from optcli.run.source import Source
from optcli.run.unmeasured import measured

SLOW_BELOW: Final = 1 << 13
"""Bytes of lines that are read cell by cell rather than halved once more in search of the odd line."""
SPACED: Final = 0.07
"""What blanks between the columns take off the score: a rule below the header says better where they stand."""
FEWEST: Final = 3
ALIKE: Final = 10.0
"""Runs of which a table must have a column each, and the factor between the first values of any two of them."""
RUNS: Final = frozenset(("Name", "State", "Created", "Runtime"))
"""Columns of W&B's list of runs as its site exports it."""
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """A header of names above rows of numbers."""
    found = layout(head)
    if found is None or in_cells(head):
        return 0.0
    known = any(map(headline, found.names)) or dialect(found) in ("long-csv", "tensorboard-csv")
    edge = {"index"} if found.delimiter == b"|" else set()  # what is before the first bar has no name
    axis = any(n.lower() in (*STEP_NAMES, *EPOCH_NAMES) for n in found.names if n not in edge)
    narrow = len(found.names) == 1 or (found.delimiter == b"\t" and len(found.names) <= 3)
    return 0.3 + 0.35 * known + 0.2 * axis - 0.2 * narrow - SPACED * found.spaced


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """One block for every few megabytes; a repeated header begins a new session.

    Raises:
        Unreadable: its rows are runs rather than steps.
    """
    head = layout(source.head())
    if head is None:
        return
    if set(head.names) >= RUNS:
        raise Unreadable(source.path, "a table of runs, one a row: export the history of a run instead")
    kind = dialect(head)
    role = _of_runs(head, source) if kind == "csv" else ""
    source.whole = kind in ("long-csv", "ultralytics-csv")
    if kind == "long-csv":
        yield from long.blocks(source, head)
        return
    found = _pieces(source, head, max(offset, head.begin), kind)
    if kind == "ultralytics-csv":
        yield beside_ultralytics(source.path)
        found = measured(list(found))
    for block in found:
        if kind == "wandb-csv":
            yield from _by_run(block)
        elif role:
            yield from _by_column(block, role)
        else:
            yield _named(block, source.name) if kind == "tensorboard-csv" else block


def dialect(head: Table) -> str:
    """Who wrote a table with this header, as far as it tells."""
    have = {n.lower() for n in head.names}
    if have & {"train/box_loss", "val/box_loss", "metrics/accuracy_top1"}:
        return "ultralytics-csv"
    if any(n.endswith("__MIN") for n in head.names) or _all_runs(head):
        return "wandb-csv"
    if have == {"wall time", "step", "value"}:
        return "tensorboard-csv"
    if "value" in have and have & long.KEYS and have & AXES:
        return "long-csv"
    if {"train_loss", "valid_loss", "epoch", "time"} <= have:
        return "fastai-csv"
    if {"epoch", "train_loss", "eval_loss"} <= have:
        return "timm-csv"
    if have & {"step", "epoch"} and have & {"training loss", "validation loss"}:
        return "hf-notebook"
    if {"epoch", "step"} <= have or {"epoch", "created_at"} <= have:
        return "lightning-csv"
    if head.delimiter == b"\t" and "step" in have and len(have) <= 3:
        return "dvclive-tsv"
    if "loss" in have and have & {"epoch", "index"} and any(n.startswith("val_") for n in have):
        return "keras-csv"
    return "csv"


def _all_runs(head: Table) -> bool:
    """Whether all columns but an axis are called `<run> - <metric>`."""
    return len(head.names) > 1 and head.names[0].lower() in AXES and all(" - " in n for n in head.names[1:])


def _of_runs(head: Table, source: Source) -> str:
    """The role of all columns but the axis where each is of a run of its own: nothing but the file's name says of which
    quantity they are, and they begin at about the same level. Else nothing."""
    said = meaning(re.sub(r"\.\w+(\.gz)?$", "", source.name.rpartition("/")[2]))
    others = [name for name in head.names if name.lower() not in AXES]
    if said is None or "/" not in said.role or said.rank >= HOPELESS or len(others) == len(head.names):
        return ""
    if len(others) < FEWEST or any(speaks(name) or meaning(name) or name.lower() in CLOCK_NAMES for name in others):
        return ""
    line = head.plain(source.head()[head.begin :].partition(b"\n")[0]).decode("utf-8", "replace")
    first = dict(zip(head.names, map(number, cells(line, head.delimiter.decode())), strict=False))
    levels = [value for name in others if (value := first.get(name)) is not None]
    alike = len(levels) == len(others) and 0 < max(levels) <= ALIKE * min(levels)
    return said.role if alike else ""


def _pieces(source: Source, head: Table, offset: int, kind: str) -> Iterator[Block]:
    for start, raw in source.lines(offset):
        data = head.plain(raw)
        body, tail = data, b""
        if not data.endswith(b"\n"):
            cut = data.rfind(b"\n") + 1
            body, tail = data[:cut], data[cut:]
        for block in _whole(body, start, head, source):
            yield replace(block, format=kind)
        if tail:
            yield replace(_torn(tail, start + len(body), head), format=kind)


def _whole(data: bytes, start: int, head: Table, source: Source) -> Iterator[Block]:
    """Blocks of whole lines: by numpy where all is numbers, else halved until the odd lines stand alone."""
    if not data:
        return
    if head.line in data:
        for i, part in enumerate(data.split(head.line)):
            if i:
                yield Block({}, cut=True)
            yield from _whole(part, start, head, source)
            start += len(part) + len(head.line)
        return
    values = grid(data, head.delimiter, len(head.names), () if asides(data) else head.wordy)
    if values is not None:
        end, key = start + len(data), head.key
        if key is None:
            yield from_grid(head.names, values, end_offset=end)
        else:
            yield from_words(head.names, values, key, head.words(data, key), end_offset=end)
        return
    cut = data.rfind(b"\n", 0, len(data) // 2) + 1
    if len(data) > SLOW_BELOW and 0 < cut < len(data):
        yield from _whole(data[:cut], start, head, source)
        yield from _whole(data[cut:], start + cut, head, source)
        return
    yield read_rows(data, start, head, source)


def _torn(line: bytes, start: int, head: Table) -> Block:
    """The last line without its newline: its last cell may be half a number; those before it are whole, and count if
    all columns are there (or else the step might be missing). Behind a closing bar all are whole; a rule has none."""
    message = f"the last line, from byte {start}, lacks its end; its last value is left out"
    note = say.note(say.UNFINISHED, message)
    if aside(line) and (b"--" in line or b"==" in line):
        return Block({}, end_offset=start, torn=True)
    found = cells(line.decode("utf-8", "replace"), head.delimiter.decode())
    if _closed(line, head) and len(found) == len(head.names):
        return replace(table([tagged(dict(zip(head.names, found, strict=True)))]), end_offset=start, torn=True)
    if len(found) != len(head.names) or line.count(b'"') % 2 or head.names[-1].lower() in AXES:
        return Block({}, notes=(note,), end_offset=start, torn=True)
    row = dict(zip(head.names[:-1], found, strict=False))
    return replace(table([tagged(row)]), notes=(note,), end_offset=start, torn=True)


def _closed(line: bytes, head: Table) -> bool:
    """Whether a line ends with the bar behind its last cell, as the header does."""
    bar = head.delimiter
    return bar == b"|" and all(one.rstrip(b" \t\r\n").endswith(bar) for one in (head.line, line))


def _named(block: Block, file: str) -> Block:
    """A scalar saved from TensorBoard's page: its tag stands in the name of the file only."""
    tag = re.sub(r"\.csv(\.gz)?$", "", file.rpartition("/")[2]).rpartition("-tag-")[2]
    known = {"Value": tag or "Value"}
    return replace(block, columns={known.get(name, name): column for name, column in block.columns.items()})


def _by_run(block: Block) -> Iterator[Block]:
    """An export of the W&B site: columns `<run> - <metric>`, each with its `__MIN` and `__MAX`."""
    runs: dict[str, dict[str, Column]] = {}
    shared = {n: c for n, c in block.columns.items() if " - " not in n}
    for name, column in block.columns.items():
        run, dash, metric = name.rpartition(" - ")
        if dash and not metric.endswith(("__MIN", "__MAX")):
            runs.setdefault(run, dict(shared))[metric] = column
    several = len(runs) > 1
    for run, columns in runs.items():
        yield replace(block, columns=columns, run=run if several else "")


def _by_column(block: Block, role: str) -> Iterator[Block]:
    """A table with a column for each of several runs."""
    shared = {name: column for name, column in block.columns.items() if name.lower() in AXES}
    for name, column in block.columns.items():
        if name not in shared:
            yield replace(block, columns={**shared, name: column}, run=name, roles={role: name}, format="wide-csv")
