"""How a log of the clinic is written: a table, JSON lines, and as three frameworks write theirs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from clinic_cases import Case

Row = dict[str, Any]


def table(case: Case, rows: list[Row]) -> str:
    """Comma-separated values; an empty cell where nothing was measured."""
    names = [n for n in ("step", "epoch") if n in rows[0]] + sorted({k for r in rows for k in r} - {"step", "epoch"})
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([names, *[[row.get(n, "") for n in names] for row in rows]])
    return out.getvalue()


def lines(case: Case, rows: list[Row]) -> str:
    """One JSON object a line, with bare NaN as Python writes it."""
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def trainer(case: Case, rows: list[Row]) -> str:
    """Hugging Face's `trainer_state.json`."""
    history: list[Row] = []
    for row in rows:
        same = {"epoch": row["epoch"], "step": row["step"]}
        history.append({"loss": row["train_loss"], "learning_rate": row["lr"], "grad_norm": row["grad_norm"], **same})
        if "val_loss" in row:
            history.append({"eval_loss": row["val_loss"], **same})
    state = {"global_step": case.steps, "max_steps": case.steps, "log_history": history}
    return json.dumps(state, separators=(",", ":")) + "\n"


def keras(case: Case, rows: list[Row]) -> str:
    """`History.history`: a list for each quantity, one entry an epoch (here: a validation)."""
    ends = [i + 1 for i, row in enumerate(rows) if "val_loss" in row]
    spans = zip([0, *ends[:-1]], ends, strict=True)
    loss = [round(sum(r["train_loss"] for r in rows[a:b]) / (b - a), 5) for a, b in spans]
    return json.dumps({"loss": loss, "val_loss": [rows[end - 1]["val_loss"] for end in ends]}) + "\n"


def journal(case: Case, rows: list[Row]) -> str:
    """What optcli itself writes, with the part of the recipe that a rule needs."""
    config = {"regularizers": [{"name": "clip_norm", "max_norm": case.clip}], "optimizer": {"lr": case.lr}}
    start: Row = {"event": "start", "version": 1, "planned": case.steps, "config": config}
    if case.data == "shakespeare":
        start["facts"] = {"task": "language", "outputs": 65}
    names = {"train_loss": "train/loss", "val_loss": "val/loss"}
    plain = [{names.get(k, k): v for k, v in row.items() if k in names or k in ("step", "grad_norm")} for row in rows]
    return lines(case, [start, *plain, {"event": "end", "status": "finished"}])


FORMATS: dict[str, tuple[str, Callable[[Case, list[Row]], str]]] = {
    "csv": ("csv", table),
    "jsonl": ("jsonl", lines),
    "hf": ("trainer_state.json", trainer),
    "keras": ("history.json", keras),
    "journal": ("journal.jsonl", journal),
}
