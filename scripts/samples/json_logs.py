"""JSON documents and JSON lines with a row a step."""

from __future__ import annotations

import json
from pathlib import Path

from samples.training import Training, logged, write_file, write_jsonl


def journal(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = [{"event": "start", "version": 1, "planned": len(t.loss)}]
    for i, row in enumerate(logged(t)):
        at = {"t": round(0.1 * i, 1), "step_us": 900, "mib": 10}
        names = {"loss": "train/loss", "val_loss": "val/loss"}
        rows.append({names.get(k, k): v for k, v in row.items()} | {"clock": at})
    rows.append({"event": "end", "status": "finished"})
    (folder / "run").mkdir(parents=True, exist_ok=True)
    write_jsonl(folder / "run", "journal.jsonl", rows)
    return folder / "run"


def jsonl(folder: Path, t: Training) -> Path:
    return write_jsonl(folder, "metrics.jsonl", [dict(row) for row in logged(t)])


def wandb_history(folder: Path, t: Training) -> Path:
    rows = [
        {"_step": r["step"], "_runtime": r["step"] * 2, **{k: v for k, v in r.items() if k != "step"}}
        for r in logged(t)
    ]
    return write_jsonl(folder, "wandb-history.jsonl", [dict(r) for r in rows])


def detectron2_json(folder: Path, t: Training) -> Path:
    rows = []
    for row in logged(t):
        named = {
            "total_loss" if k == "loss" else "validation_loss" if k == "val_loss" else k: v for k, v in row.items()
        }
        named["iteration"] = named.pop("step")
        named.pop("epoch")
        rows.append(named | {"loss_cls": 0.1, "time": 0.25})
    return write_jsonl(folder, "metrics.json", [dict(sorted(r.items())) for r in rows])


def mmdet_json(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = [{"env_info": "sys.platform: linux" * 20, "seed": 0}]
    for i in range(len(t.loss)):
        e, at = divmod(i, t.per_epoch)
        rows.append(
            {"mode": "train", "epoch": e + 1, "iter": at + 1, "lr": t.lr[i], "loss_cls": 0.1, "loss": t.loss[i]}
        )
        if at + 1 == t.per_epoch:
            rows.append({"mode": "val", "epoch": e + 1, "iter": 5000, "loss": t.val_loss[e], "bbox_mAP": 0.1})
    return write_jsonl(folder, "20240101_000000.log.json", rows)


def mmengine_json(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = []
    for i, step in enumerate(t.steps):
        e = i // t.per_epoch
        rows.append({"lr": t.lr[i], "data_time": 0.01, "loss": t.loss[i], "epoch": e + 1, "iter": step, "step": step})
        if step % t.per_epoch == 0:
            rows.append({"loss_val": t.val_loss[e], "coco/bbox_mAP": 0.2, "step": e + 1})
    return write_jsonl(folder, "vis_data/scalars.json", rows)


def llamafactory(folder: Path, t: Training) -> Path:
    rows: list[dict[str, object]] = []
    for row in logged(t):
        named = {"current_steps": row["step"], "total_steps": len(t.loss), "epoch": row["epoch"], "percentage": 1.0}
        named |= {"loss": row["loss"], "lr": row["lr"]} if "loss" in row else {"eval_loss": row["val_loss"]}
        rows.append({**named, "elapsed_time": "0:00:01"})
    return write_jsonl(folder, "trainer_log.jsonl", rows)


def hf(folder: Path, t: Training) -> Path:
    history: list[dict[str, object]] = []
    for row in logged(t):
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
    return write_file(folder, f"out/checkpoint-{len(t.loss)}/trainer_state.json", json.dumps(state, indent=2))


def sacred(folder: Path, t: Training) -> Path:
    ends = [(e + 1) * t.per_epoch for e in range(t.epochs)]
    stamps = ["2024-01-01T00:00:00"]
    found = {
        "train.loss": {"steps": list(t.steps), "values": t.loss, "timestamps": stamps * len(t.loss)},
        "val.loss": {"steps": ends, "values": t.val_loss, "timestamps": stamps * t.epochs},
    }
    return write_file(folder, "runs/1/metrics.json", json.dumps(found))
