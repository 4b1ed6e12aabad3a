"""One small training, written the way each framework writes it: for the laws, the fuzzer and the benchmarks.

`WRITERS` maps a name to a function (folder, training) -> path to read. Every writer is our own code; the formats are
those that the frameworks document or write.
"""

from __future__ import annotations

import json
import math
import sqlite3
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from optcli.run.crc32c import crc, masked


@dataclass(frozen=True)
class Training:
    """Losses at steps 1 to n, validation after each epoch of `per_epoch` steps."""

    loss: list[float]
    lr: list[float]
    grad_norm: list[float]
    val_loss: list[float]
    per_epoch: int

    @property
    def steps(self) -> range:
        return range(1, len(self.loss) + 1)

    @property
    def epochs(self) -> int:
        return len(self.val_loss)

    def mean(self, epoch: int) -> float:
        """Mean loss of an epoch, counted from 0."""
        part = self.loss[epoch * self.per_epoch : (epoch + 1) * self.per_epoch]
        return sum(part) / len(part)


def training(epochs: int = 12, per_epoch: int = 10) -> Training:
    """A healthy training with numbers of four digits, which every format can carry."""
    n = epochs * per_epoch
    loss = [round(0.3 + 2 * math.exp(-i / (n / 4)) + 0.05 * math.sin(7.3 * i), 4) for i in range(n)]
    lr = [round(0.01 * (1 - i / n), 6) for i in range(n)]
    grad = [round(1 + 0.5 * math.cos(3.1 * i), 4) for i in range(n)]
    val = [round(0.4 + 1.8 * math.exp(-4 * (e + 1) / epochs), 4) for e in range(epochs)]
    return Training(loss, lr, grad, val, per_epoch)


def _rows(t: Training) -> list[dict[str, float]]:
    """Train rows with a validation row after each epoch, steps from 1."""
    rows: list[dict[str, float]] = []
    for i, step in enumerate(t.steps):
        row = {"step": step, "epoch": i // t.per_epoch, "loss": t.loss[i], "lr": t.lr[i], "grad_norm": t.grad_norm[i]}
        rows.append(row)
        if step % t.per_epoch == 0:
            e = step // t.per_epoch - 1
            rows.append({"step": step, "epoch": e, "val_loss": t.val_loss[e]})
    return rows


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _lines(folder: Path, name: str, lines: list[str]) -> Path:
    return _write(folder, name, "".join(f"{line}\n" for line in lines))


def _jsonl(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    return _lines(folder, name, [json.dumps(row) for row in rows])


# ---------------------------------------------------------------- tables


def csv(folder: Path, t: Training) -> Path:
    names = ["step", "epoch", "loss", "lr", "grad_norm", "val_loss"]
    rows = [",".join(str(row.get(name, "")) for name in names) for row in _rows(t)]
    return _lines(folder, "log.csv", [",".join(names), *rows])


def lightning(folder: Path, t: Training) -> Path:
    lines = ["epoch,lr-SGD,step,train_loss_epoch,train_loss_step,val_loss"]
    for i, step in enumerate(t.steps):
        e = i // t.per_epoch
        lines.append(f",{t.lr[i]},{step},,,")
        lines.append(f"{e},,{step},,{t.loss[i]},")
        if step % t.per_epoch == 0:
            lines.append(f"{e},,{step},,,{t.val_loss[e]}")
            lines.append(f"{e},,{step},{t.mean(e)},,")
    return _lines(folder, "lightning_logs/version_0/metrics.csv", lines)


def semicolons(folder: Path, t: Training) -> Path:
    rows = [f"{row['step']};{row.get('loss', '')};{row.get('val_loss', '')}" for row in _rows(t)]
    return _lines(folder, "log.txt", ["Step;Train Loss;Validation Loss", *rows])


def wandb_export(folder: Path, t: Training) -> Path:
    head = '"Step","calm-sun-1 - loss","calm-sun-1 - loss__MIN","calm-sun-1 - loss__MAX","calm-sun-1 - val_loss"'
    rows = [
        f'"{r["step"]}","{r.get("loss", "")}","{r.get("loss", "")}","{r.get("loss", "")}","{r.get("val_loss", "")}"'
        for r in _rows(t)
    ]
    return _lines(folder, "wandb_export.csv", [head, *rows])


def long_table(folder: Path, t: Training) -> Path:
    lines = ["step,phase,loss"]
    for row in _rows(t):
        phase, value = ("train", row["loss"]) if "loss" in row else ("val", row["val_loss"])
        lines.append(f"{row['step']},{phase},{value}")
    return _lines(folder, "phases.csv", lines)


# ---------------------------------------------------------------- JSON


def journal(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = [{"event": "start", "version": 1, "planned": len(t.loss)}]
    for i, row in enumerate(_rows(t)):
        at = {"t": round(0.1 * i, 1), "step_us": 900, "mib": 10}
        names = {"loss": "train/loss", "val_loss": "val/loss"}
        rows.append({names.get(k, k): v for k, v in row.items()} | {"clock": at})
    rows.append({"event": "end", "status": "finished"})
    (folder / "run").mkdir(parents=True, exist_ok=True)
    _jsonl(folder / "run", "journal.jsonl", rows)
    return folder / "run"


def jsonl(folder: Path, t: Training) -> Path:
    return _jsonl(folder, "metrics.jsonl", [dict(row) for row in _rows(t)])


def wandb_history(folder: Path, t: Training) -> Path:
    rows = [
        {"_step": r["step"], "_runtime": r["step"] * 2, **{k: v for k, v in r.items() if k != "step"}} for r in _rows(t)
    ]
    return _jsonl(folder, "wandb-history.jsonl", [dict(r) for r in rows])


def detectron2_json(folder: Path, t: Training) -> Path:
    rows = []
    for row in _rows(t):
        named = {
            "total_loss" if k == "loss" else "validation_loss" if k == "val_loss" else k: v for k, v in row.items()
        }
        named["iteration"] = named.pop("step")
        named.pop("epoch")
        rows.append(named | {"loss_cls": 0.1, "time": 0.25})
    return _jsonl(folder, "metrics.json", [dict(sorted(r.items())) for r in rows])


def mmdet_json(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = [{"env_info": "sys.platform: linux" * 20, "seed": 0}]
    for i in range(len(t.loss)):
        e, at = divmod(i, t.per_epoch)
        rows.append(
            {"mode": "train", "epoch": e + 1, "iter": at + 1, "lr": t.lr[i], "loss_cls": 0.1, "loss": t.loss[i]}
        )
        if at + 1 == t.per_epoch:
            rows.append({"mode": "val", "epoch": e + 1, "iter": 5000, "loss": t.val_loss[e], "bbox_mAP": 0.1})
    return _jsonl(folder, "20240101_000000.log.json", rows)


def mmengine_json(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = []
    for i, step in enumerate(t.steps):
        e = i // t.per_epoch
        rows.append({"lr": t.lr[i], "data_time": 0.01, "loss": t.loss[i], "epoch": e + 1, "iter": step, "step": step})
        if step % t.per_epoch == 0:
            rows.append({"loss_val": t.val_loss[e], "coco/bbox_mAP": 0.2, "step": e + 1})
    return _jsonl(folder, "vis_data/scalars.json", rows)


def llamafactory(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = []
    for row in _rows(t):
        named = {"current_steps": row["step"], "total_steps": len(t.loss), "epoch": row["epoch"], "percentage": 1.0}
        named |= {"loss": row["loss"], "lr": row["lr"]} if "loss" in row else {"eval_loss": row["val_loss"]}
        rows.append({**named, "elapsed_time": "0:00:01"})
    return _jsonl(folder, "trainer_log.jsonl", rows)


def hf(folder: Path, t: Training) -> Path:
    history: list[dict[str, object]] = []
    for row in _rows(t):
        named = {"epoch": row["step"] / t.per_epoch, "step": row["step"]}
        if "loss" in row:
            named |= {"loss": row["loss"], "learning_rate": row["lr"], "grad_norm": row["grad_norm"]}
        else:
            named |= {"eval_loss": row["val_loss"], "eval_runtime": 1.5, "eval_samples_per_second": 60.0}
        history.append(dict(named))
    history.append(
        {"epoch": t.epochs, "step": len(t.loss), "train_loss": 0.9, "train_runtime": 9.0, "total_flos": 1e12}
    )
    state = {
        "best_metric": None,
        "global_step": len(t.loss),
        "log_history": history,
        "max_steps": len(t.loss),
        "num_train_epochs": t.epochs,
        "train_batch_size": 8,
    }
    return _write(folder, f"out/checkpoint-{len(t.loss)}/trainer_state.json", json.dumps(state, indent=2))


def sacred(folder: Path, t: Training) -> Path:
    ends = [(e + 1) * t.per_epoch for e in range(t.epochs)]
    stamps = ["2024-01-01T00:00:00"]
    found = {
        "train.loss": {"steps": list(t.steps), "values": t.loss, "timestamps": stamps * len(t.loss)},
        "val.loss": {"steps": ends, "values": t.val_loss, "timestamps": stamps * t.epochs},
    }
    return _write(folder, "runs/1/metrics.json", json.dumps(found))


# ---------------------------------------------------------------- one value an epoch


def keras_csv(folder: Path, t: Training) -> Path:
    rows = [f"{e},0.5,{t.mean(e)},0.5,{t.val_loss[e]}" for e in range(t.epochs)]
    return _lines(folder, "training.log", ["epoch,accuracy,loss,val_accuracy,val_loss", *rows])


def ultralytics(folder: Path, t: Training) -> Path:
    head = ["epoch", "train/box_loss", "train/cls_loss", "metrics/mAP50(B)", "val/box_loss", "val/cls_loss", "lr/pg0"]
    rows = [[e + 1, t.mean(e), 0.5, 0.3, t.val_loss[e], 0.6, 0.01] for e in range(t.epochs)]
    _write(folder, "yolo/args.yaml", f"epochs: {t.epochs + 3}\nbatch: 16\nlr0: 0.01\noptimizer: SGD\n")
    return _lines(folder, "yolo/results.csv", [",".join(f"{c:>23}" for c in row) for row in [head, *rows]])


def fastai(folder: Path, t: Training) -> Path:
    rows = [f"{e},{t.mean(e)},{t.val_loss[e]},0.5,00:12" for e in range(t.epochs)]
    return _lines(folder, "history.csv", ["epoch,train_loss,valid_loss,accuracy,time", *rows])


def timm(folder: Path, t: Training) -> Path:
    rows = [f"{e},{t.mean(e)},{t.val_loss[e]},70.1,90.2,0.01" for e in range(t.epochs)]
    return _lines(folder, "summary.csv", ["epoch,train_loss,eval_loss,eval_top1,eval_top5,lr", *rows])


def detr(folder: Path, t: Training) -> Path:
    rows = [
        {
            "train_lr": 1e-4,
            "train_loss": t.mean(e),
            "train_loss_ce_0": 0.3,
            "train_loss_ce_unscaled": 0.2,
            "test_loss": t.val_loss[e],
            "test_coco_eval_bbox": [0.1, 0.2],
            "epoch": e,
            "n_parameters": 1000,
        }
        for e in range(t.epochs)
    ]
    return _jsonl(folder, "log.txt", [dict(r) for r in rows])


def keras_history(folder: Path, t: Training) -> Path:
    found = {"loss": [t.mean(e) for e in range(t.epochs)], "val_loss": t.val_loss, "lr": [0.01] * t.epochs}
    return _write(folder, "history.json", json.dumps(found))


def evals_result(folder: Path, t: Training) -> Path:
    found = {"validation_0": {"logloss": [t.mean(e) for e in range(t.epochs)]}, "validation_1": {"logloss": t.val_loss}}
    return _write(folder, "evals_result.json", json.dumps(found))


def keras_console(folder: Path, t: Training) -> Path:
    lines = []
    for e in range(t.epochs):
        lines.append(f"Epoch {e + 1}/{t.epochs}")
        bar = "\r".join(f"{k}/10 [=====>....] - ETA: 1s - loss: 0.9" for k in range(1, 10))
        lines.append(
            f"{bar}\r10/10 [=========] - 1s 9ms/step - loss: {t.mean(e)} - accuracy: 0.5 - val_loss: {t.val_loss[e]}"
        )
    return _lines(folder, "stdout.txt", lines)


def xgboost_console(folder: Path, t: Training) -> Path:
    lines = [f"[{e}]\ttrain-logloss:{t.mean(e)}\teval-logloss:{t.val_loss[e]}" for e in range(t.epochs)]
    return _lines(folder, "xgb.txt", lines)


def lightgbm_console(folder: Path, t: Training) -> Path:
    lines = [f"[{e + 1}]\ttraining's l2: {t.mean(e)}\tvalid_1's l2: {t.val_loss[e]}" for e in range(t.epochs)]
    return _lines(folder, "lgb.txt", lines)


def catboost_console(folder: Path, t: Training) -> Path:
    lines = [f"{e}:\tlearn: {t.mean(e)}\ttest: {t.val_loss[e]}\tbest: 0.4 (7)\ttotal: 1.2ms" for e in range(t.epochs)]
    return _lines(folder, "cat.txt", lines)


def epoch_console(folder: Path, t: Training) -> Path:
    lines = ["Using device cuda:0", "model has 1.2M parameters"]
    lines += [
        f"Epoch {e + 1}/{t.epochs} | Train Loss: {t.mean(e)} | Val. Loss: {t.val_loss[e]} | Val. Acc: 50.00%"
        for e in range(t.epochs)
    ]
    return _lines(folder, "train.log", lines)


# ---------------------------------------------------------------- consoles with steps


def _console(folder: Path, t: Training, name: str, step: Callable[[int], str], val: Callable[[int, int], str]) -> Path:
    lines = []
    for i, at in enumerate(t.steps):
        lines.append(step(i))
        if at % t.per_epoch == 0:
            lines.append(val(at // t.per_epoch - 1, at))
    return _lines(folder, name, lines)


def detectron2_console(folder: Path, t: Training) -> Path:
    rows = [
        f"[11/30 01:16:13] d2.utils.events INFO:  eta: 1:54:02  iter: {i + 1}  total_loss: {t.loss[i]}  loss_cls: 0.06"
        f"  time: 0.6813  data_time: 0.3694  lr: {t.lr[i]}  max_mem: 11811M"
        for i in range(len(t.loss))
    ]
    return _lines(folder, "log_d2.txt", rows)


def nanogpt(folder: Path, t: Training) -> Path:
    return _console(
        folder,
        t,
        "nano.out",
        lambda i: f"iter {i + 1}: loss {t.loss[i]}, time 27488.56ms, mfu -100.00%",
        lambda e, at: f"step {at}: train loss {t.mean(e):.4f}, val loss {t.val_loss[e]}",
    )


def build_nanogpt(folder: Path, t: Training) -> Path:
    return _console(
        folder, t, "log.txt", lambda i: f"{i + 1} train {t.loss[i]}", lambda e, at: f"{at} val {t.val_loss[e]}"
    )


def modded_nanogpt(folder: Path, t: Training) -> Path:
    n = len(t.loss)
    return _console(
        folder,
        t,
        "modded.txt",
        lambda i: f"step:{i + 1}/{n} train_loss:{t.loss[i]} train_time:9ms step_avg:1ms",
        lambda e, at: f"step:{at}/{n} val_loss:{t.val_loss[e]} train_time:99ms step_avg:3.2ms",
    )


def llmc(folder: Path, t: Training) -> Path:
    n = len(t.loss)

    def step(i: int) -> str:
        return (
            f"step {i + 1:4d}/{n} | loss {t.loss[i]} (+nanz)| norm {t.grad_norm[i]} (+nanz)| lr {t.lr[i]:.2e}"
            " | 200.1 ms | 12.3% bf16 MFU | 2600 tok/s"
        )

    return _console(folder, t, "llmc.txt", step, lambda e, at: f"val loss {t.val_loss[e]}")


def nanochat(folder: Path, t: Training) -> Path:
    n = len(t.loss)

    def step(i: int) -> str:
        done = f"{100 * i / n:.2f}%"
        return f"step {i + 1:05d}/{n:05d} ({done}) | loss: {t.loss[i]} | lrm: 1.00 | dt: 20.1ms | tok/sec: 2,600"

    return _console(folder, t, "chat.txt", step, lambda e, at: f"Step {at:05d} | Validation bpb: {t.val_loss[e]}")


def megatron(folder: Path, t: Training) -> Path:
    n = len(t.loss)

    def step(i: int) -> str:
        return (
            f" iteration {i + 1:8d}/{n:8d} | consumed samples: {i * 64:12d} | elapsed time per iteration (ms): 436.9 |"
            f" learning rate: {t.lr[i]:.3E} | global batch size:    64 | lm loss: {t.loss[i]:.6E} |"
            f" loss scale: 131072.0 | grad norm: {t.grad_norm[i]:.3f} | number of skipped iterations:   0 |"
            " number of nan iterations:   0 |"
        )

    def val(e: int, at: int) -> str:
        return f" validation loss at iteration {at} | lm loss value: {t.val_loss[e]:.6E} | lm loss PPL: 1.2E+00 | "

    return _console(folder, t, "megatron.log", step, val)


def fairseq(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        e, at = divmod(i, t.per_epoch)
        return (
            f"2024-01-01 00:00:00 | INFO | train_inner | epoch {e + 1:03d}: {at + 1:5d} / {t.per_epoch}"
            f" loss={t.loss[i]},"
            f" ppl=9.1, wps=100, ups=1.2, wpb=80, num_updates={i + 1}, lr={t.lr[i]}, gnorm={t.grad_norm[i]}, clip=0"
        )

    def val(e: int, at: int) -> str:
        return (
            f"2024-01-01 00:00:00 | INFO | valid | epoch {e + 1:03d} | valid on 'valid' subset | loss {t.val_loss[e]} |"
            f" ppl 4.2 | wps 0 | num_updates {at} | best_loss 0.4"
        )

    return _console(folder, t, "fairseq.log", step, val)


def torchtune(folder: Path, t: Training) -> Path:
    return _lines(
        folder,
        "log_1.txt",
        [f"Step {i + 1} | loss:{t.loss[i]} lr:{t.lr[i]} tokens_per_second_per_gpu:900.5 " for i in range(len(t.loss))],
    )


def composer(folder: Path, t: Training) -> Path:
    n = len(t.loss)
    return _console(
        folder,
        t,
        "logs.txt",
        lambda i: f"[batch={i + 1}/{n}]:\n\t Train loss/train/total: {t.loss[i]}",
        lambda e, at: f"[eval] [batch={at}/{n}]:\n\t Eval metrics/eval/loss: {t.val_loss[e]}",
    )


def hf_console(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        row = {"loss": t.loss[i], "grad_norm": t.grad_norm[i], "learning_rate": t.lr[i], "epoch": (i + 1) / t.per_epoch}
        return f"  {i}%|#   | {i}/100 [00:01<00:09]\r{row}"

    return _console(folder, t, "hf.out", step, lambda e, at: str({"eval_loss": t.val_loss[e], "epoch": float(e + 1)}))


def step_console(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        stamp = f"2024-01-01 12:00:{i % 60:02d},123 INFO trainer"
        return f"{stamp} step={i + 1} loss={t.loss[i]} lr={t.lr[i]} grad_norm={t.grad_norm[i]}"

    return _console(
        folder, t, "run.log", step, lambda e, at: f"2024-01-01 12:00:00 INFO trainer step={at} val_loss={t.val_loss[e]}"
    )


def tutorial_console(folder: Path, t: Training) -> Path:
    def step(i: int) -> str:
        e, at = divmod(i, t.per_epoch)
        return f"Epoch [{e + 1}/{t.epochs}], Step [{at + 1}/{t.per_epoch}], Loss: {t.loss[i]}"

    return _console(folder, t, "tutorial.txt", step, lambda e, at: f"Validation loss: {t.val_loss[e]}")


# ---------------------------------------------------------------- binary and multi-file


def record(data: bytes) -> bytes:
    """A TFRecord."""
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked(crc(head))) + data + struct.pack("<I", masked(crc(data)))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        if not value:
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def scalar_event(tag: str, value: float, step: int, wall: float, *, tensor: bool = False, first: bool = True) -> bytes:
    """An event with one scalar, as torch (`simple_value`) or as TensorFlow 2 (`tensor`) writes it."""
    named = _field(1, tag.encode())
    if tensor:
        meta = _field(9, _field(1, _field(1, b"scalars"))) if first else b""
        named += meta + _field(8, b"\x08\x01" + _field(2, b"") + _field(4, struct.pack("<f", value)))
    else:
        named += b"\x15" + struct.pack("<f", value)
    at = b"\x10" + _varint(step) if step else b""
    return b"\x09" + struct.pack("<d", wall) + at + _field(5, _field(1, named))


VERSION = b"\x09" + struct.pack("<d", 1.7e9) + _field(3, b"brain.Event:2")


def tfevents(folder: Path, t: Training) -> Path:
    parts = [record(VERSION)]
    for row in _rows(t):
        named = {"loss": "Loss/train", "val_loss": "Loss/val", "lr": "lr", "grad_norm": "grad_norm"}
        for key, tag in named.items():
            if key in row:
                parts.append(record(scalar_event(tag, row[key], int(row["step"]), 1.7e9 + row["step"])))
    path = folder / "tb" / "events.out.tfevents.1700000000.host.1.0"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return path


def keras_tfevents(folder: Path, t: Training) -> Path:
    for split, values in (("train", [t.mean(e) for e in range(t.epochs)]), ("validation", t.val_loss)):
        graph = record(b"\x09" + struct.pack("<d", 1.7e9) + _field(4, b"graph" * 500))
        parts = [record(VERSION), graph]
        for e, value in enumerate(values):
            parts.append(record(scalar_event("epoch_loss", value, e, 1.7e9 + e, tensor=True, first=e == 0)))
        path = folder / "keras" / split / f"events.out.tfevents.1700000000.host.1.0.{split}.v2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(parts))
    return folder / "keras"


def _leveldb(records: list[bytes]) -> bytes:
    out = bytearray(b":W&B" + struct.pack("<HB", 0xBEE1, 0))
    for data in records:
        first = True
        while True:
            room = 32768 - len(out) % 32768
            if room < 7:
                out += bytes(room)
                room = 32768
            piece, data = data[: room - 7], data[room - 7 :]
            kind = (1 if not data else 2) if first else (4 if not data else 3)
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
            first = False
            if not data:
                break
    return bytes(out)


def wandb(folder: Path, t: Training) -> Path:
    records = [_field(7, b"config" * 30)]
    for row in _rows(t):
        named = {"_step" if k == "step" else k: v for k, v in row.items()}
        items = b"".join(
            _field(1, _field(1, k.encode()) + _field(16, json.dumps(v).encode())) for k, v in named.items()
        )
        records.append(_field(2, items))
        records.append(_field(5, b"output" * 40))
    path = folder / "wandb" / "run-20240101_000000-abc" / "run-abc.wandb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_leveldb(records))
    return path


def mlflow(folder: Path, t: Training) -> Path:
    run = folder / "mlruns" / "0" / "abc123"
    ends = [(e + 1) * t.per_epoch for e in range(t.epochs)]
    for name, values, steps in (("train/loss", t.loss, list(t.steps)), ("val_loss", t.val_loss, ends)):
        _lines(
            run,
            f"metrics/{name}",
            [f"{1_691_410_007_405 + 1000 * s} {v} {s}" for s, v in zip(steps, values, strict=True)],
        )
    _write(run, "params/lr", "0.01")
    _write(run, "meta.yaml", "run_id: abc123\nstatus: 3\n")
    return run


def mlflow_db(folder: Path, t: Training) -> Path:
    path = folder / "mlflow.db"
    folder.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as db:
        db.execute(
            "create table metrics (key text, value double, timestamp bigint, run_uuid text, step bigint,"
            " is_nan boolean)"
        )
        for row in _rows(t):
            for key in ("loss", "val_loss"):
                if key in row:
                    db.execute(
                        "insert into metrics values (?,?,?,?,?,?)",
                        (key, row[key], 1_691_410_007_405, "abc", row["step"], False),
                    )
    db.close()
    return path


def dvclive(folder: Path, t: Training) -> Path:
    root = folder / "dvclive"
    ends = [(e + 1) * t.per_epoch for e in range(t.epochs)]
    for name, values, steps in (("train/loss", t.loss, list(t.steps)), ("eval/loss", t.val_loss, ends)):
        rows = [f"{s}\t{v}" for s, v in zip(steps, values, strict=True)]
        _lines(root, f"plots/metrics/{name}.tsv", ["step\tloss", *rows])
    return root


STEPS: dict[str, Callable[[Path, Training], Path]] = {
    f.__name__: f
    for f in (
        journal, csv, lightning, semicolons, wandb_export, long_table, jsonl, wandb_history, detectron2_json,
        mmdet_json, mmengine_json, llamafactory, hf, sacred, detectron2_console, nanogpt, build_nanogpt,
        modded_nanogpt, llmc, nanochat, megatron, fairseq, torchtune, composer, step_console, tutorial_console,
        tfevents, wandb, mlflow, mlflow_db, dvclive,
    )
}  # fmt: skip
"""Writers that log every step, and validation at the epochs' ends."""

EPOCHS: dict[str, Callable[[Path, Training], Path]] = {
    f.__name__: f
    for f in (
        keras_csv, ultralytics, fastai, timm, detr, keras_history, evals_result, keras_console, xgboost_console,
        lightgbm_console, catboost_console, epoch_console, keras_tfevents,
    )
}  # fmt: skip
"""Writers that log one mean an epoch."""

WITHOUT_VALIDATION = frozenset(("detectron2_console", "torchtune", "nanochat"))
BY_EPOCH_FRACTION: dict[str, Callable[[Path, Training], Path]] = {"hf_console": hf_console}
"""Writers that log every step but print only the epoch."""
WRITERS = {**STEPS, **EPOCHS, **BY_EPOCH_FRACTION}
