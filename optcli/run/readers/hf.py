"""Hugging Face `trainer_state.json`; the copies in `checkpoint-N/` hold the same history, the highest N counts."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from optcli.run import notes as say
from optcli.run.block import Block, Unreadable, table
from optcli.run.curve import End, Note
from optcli.run.jsonrows import parse
from optcli.run.rows import flat
from optcli.run.source import Source

_ROW = re.compile(rb"\{[^{}]*\}")
_END = re.compile(rb"\]\s*(?:[,}]|$)")
_BESIDE = re.compile(rb'"(global_step|max_steps|num_train_epochs|train_batch_size|logging_steps)": (\d{1,15})\b')
_BLANK = b" \t\r\n,"
MASKED = "; so are all of validation from the first on: are all labels masked (-100)?"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)$")


def sniff(head: bytes, name: str) -> float:
    """A JSON object with `log_history`."""
    if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return 0.0
    if b'"log_history"' in head:
        return 0.98
    return 0.71 if b'"best_model_checkpoint"' in head else 0.0


def home(path: str) -> str:
    """The output directory: the one above `checkpoint-N/`."""
    folder = os.path.dirname(path)
    return os.path.dirname(folder) or "." if _CHECKPOINT.search(folder) else folder or "."


def pick(paths: list[str]) -> list[str]:
    """The newest copy: the one outside of any checkpoint, else that of the highest number."""

    def age(path: str) -> float:
        found = _CHECKPOINT.search(os.path.dirname(path))
        return float(found[1][:15]) if found else math.inf

    return [max(paths, key=age)]


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """The whole history as one block; of a damaged document the rows that are whole.

    Raises:
        Unreadable: there is none, or the document has no history.
    """
    data = source.read()
    try:
        state = parse(data)
    except ValueError as error:
        state = _salvaged(data, source)
        if not state["log_history"]:
            raise Unreadable(source.path, f"damaged JSON: {error}") from None
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list):
        raise Unreadable(source.path, "it has no log_history")
    step, most = state.get("global_step"), state.get("max_steps")
    planned = most if type(most) is int and most > 0 else None
    done = planned is not None and type(step) is int and step >= planned
    end: End | None = "finished" if done else None
    yield replace(of_rows(history), format="hf-trainer-state", planned=planned, end=end, config=_config(state))


def wrote(rows: list[Any]) -> bool:
    """Whether these are rows of a Trainer's history, wherever they were put."""
    return any(isinstance(row, dict) and {"loss", "learning_rate", "grad_norm", "epoch"} <= row.keys() for row in rows)


def of_rows(history: list[Any]) -> Block:
    """A history's rows as one block: what the Trainer hides in them is read as what it was."""
    rows = [_row(row) for row in history if isinstance(row, dict)]
    hidden = sum(_unhide(row) for row in rows)
    notes: tuple[Note, ...] = ()
    if hidden:
        what = f"{hidden} losses of 0 with a grad_norm of NaN are read as NaN" + MASKED * _never_a_number(rows)
        notes = (say.note(say.HIDDEN_NONFINITE, what),)
    return table(rows, notes=notes, roles=_roles(rows))


def _never_a_number(rows: list[dict[str, float]]) -> bool:
    """Whether no loss of training or validation is a number from the first one on: their mean is over nothing."""
    seen = [[row[name] for row in rows if name in row] for name in ("loss", "eval_loss")]
    return all(seen) and all(math.isnan(loss) for part in seen for loss in part)


def _salvaged(data: bytes, source: Source) -> dict[str, Any]:
    """What is whole of a damaged document: the rows of its history and the counts beside it."""
    at = data.find(b"[", data.find(b'"log_history"')) + 1
    rows = []
    for found in _ROW.finditer(data, at):
        between = data[at : found.start()].strip(_BLANK)
        if _END.match(between):
            break
        try:
            rows.append(parse(found[0]))
        except ValueError:
            continue
        if between:
            source.skipped.append((at, found.start()))
        at = found.end()
    if not _END.match(data[at:].lstrip(_BLANK)):
        source.skipped.append((at, len(data)))
    return {key.decode(): int(count) for key, count in _BESIDE.findall(data)} | {"log_history": rows}


def _row(row: dict[str, Any]) -> dict[str, float]:
    """A row's numbers; the closing row's averages over the whole run are no points of a curve."""
    found = flat(row)
    if "train_runtime" in row:
        return {k: v for k, v in found.items() if k in ("step", "epoch")}
    return found


def _unhide(row: dict[str, float]) -> bool:
    """The Trainer's NaN filter writes 0 for a non-finite loss, but the gradient's norm still tells."""
    if row.get("loss") == 0.0 and math.isnan(row.get("grad_norm", 0.0)):
        row["loss"] = math.nan
        return True
    return False


def _roles(rows: list[dict[str, float]]) -> dict[str, str]:
    """With a `reward` in the rows it is a policy that is trained by what it earns (TRL's GRPO, RLOO)."""
    have = {name for row in rows for name in row}
    lead = "policy/loss" if "reward" in have else "train/loss"
    return {role: name for role, name in ((lead, "loss"), ("val/loss", "eval_loss")) if name in have}


def _config(state: dict[str, Any]) -> dict[str, Any]:
    known = {
        "train.epochs": state.get("num_train_epochs"),
        "data.batch_size": state.get("train_batch_size"),
        "facts.per_device": 1 if "train_batch_size" in state else None,
        "log.every": state.get("logging_steps"),
    }
    return {path: value for path, value in known.items() if isinstance(value, (int, float))}
