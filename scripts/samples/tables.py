"""Tables with a row a step."""

from __future__ import annotations

import json
from pathlib import Path

from samples.training import Training, logged, write_lines


def csv(folder: Path, t: Training) -> Path:
    names = ["step", "epoch", "loss", "lr", "grad_norm", "val_loss"]
    rows = [",".join(str(row.get(name, "")) for name in names) for row in logged(t)]
    return write_lines(folder, "log.csv", [",".join(names), *rows])


def lightning(folder: Path, t: Training) -> Path:
    lines = ["epoch,lr-SGD,step,train_loss_epoch,train_loss_step,val_loss"]
    for i, step in enumerate(t.steps):
        e = i // t.per_epoch
        lines.append(f",{t.lr[i]},{step},,,")
        lines.append(f"{e},,{step},,{t.loss[i]},")
        if step % t.per_epoch == 0:
            lines.append(f"{e},,{step},,,{t.val_loss[e]}")
            lines.append(f"{e},,{step},{t.mean(e)},,")
    return write_lines(folder, "lightning_logs/version_0/metrics.csv", lines)


def semicolons(folder: Path, t: Training) -> Path:
    rows = [f"{row['step']};{row.get('loss', '')};{row.get('val_loss', '')}" for row in logged(t)]
    return write_lines(folder, "log.txt", ["Step;Train Loss;Validation Loss", *rows])


def wandb_export(folder: Path, t: Training) -> Path:
    head = '"Step","calm-sun-1 - loss","calm-sun-1 - loss__MIN","calm-sun-1 - loss__MAX","calm-sun-1 - val_loss"'
    rows = [
        f'"{r["step"]}","{r.get("loss", "")}","{r.get("loss", "")}","{r.get("loss", "")}","{r.get("val_loss", "")}"'
        for r in logged(t)
    ]
    return write_lines(folder, "wandb_export.csv", [head, *rows])


def long_table(folder: Path, t: Training) -> Path:
    lines = ["step,phase,loss"]
    for row in logged(t):
        phase, value = ("train", row["loss"]) if "loss" in row else ("val", row["val_loss"])
        lines.append(f"{row['step']},{phase},{value}")
    return write_lines(folder, "phases.csv", lines)


def headerless(folder: Path, t: Training) -> Path:
    """Numbers alone, as `numpy.savetxt` leaves them."""
    return write_lines(folder, "train_loss.csv", [f"{i + 1},{loss}" for i, loss in enumerate(t.loss)])


def ruled(folder: Path, t: Training) -> Path:
    """As skorch, spaCy and tabulate print it; a cell is left blank where nothing was measured."""
    names = ["step", "train loss", "valid loss", "cp", "dur"]
    rows = [[row["step"], row.get("loss", ""), row.get("val_loss", ""), "", "0.1"] for row in logged(t)]
    width = [max(len(str(row[i])) for row in [names, *rows]) for i in range(len(names))]
    lines = [[str(cell).rjust(w) for cell, w in zip(row, width, strict=True)] for row in (names, *rows)]
    rule = ["-" * w for w in width]
    return write_lines(folder, "table.txt", ["  ".join(line) for line in (lines[0], rule, *lines[1:])])


def listed(folder: Path, t: Training) -> Path:
    """`DataFrame([history]).to_csv()`: lists in the cells of one row."""
    curves = ",".join(f'"{json.dumps(values)}"' for values in ([*map(t.mean, range(t.epochs))], [*t.val_loss]))
    return write_lines(folder, "runs.csv", [",loss,val_loss", f"0,{curves}"])


def transposed(folder: Path, t: Training) -> Path:
    """`DataFrame(history).T.to_csv()`."""
    rows = [["", *range(t.epochs)], ["loss", *map(t.mean, range(t.epochs))], ["val_loss", *t.val_loss]]
    return write_lines(folder, "history.csv", [",".join(map(str, row)) for row in rows])
