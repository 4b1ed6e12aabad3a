"""Logs that hold one mean an epoch."""

from __future__ import annotations

import json
from pathlib import Path

from samples.training import Training, write_file, write_jsonl, write_lines


def keras_csv(folder: Path, t: Training) -> Path:
    rows = [f"{e},0.5,{t.mean(e)},0.5,{t.val_loss[e]}" for e in range(t.epochs)]
    return write_lines(folder, "training.log", ["epoch,accuracy,loss,val_accuracy,val_loss", *rows])


def ultralytics(folder: Path, t: Training) -> Path:
    head = ["epoch", "train/box_loss", "train/cls_loss", "metrics/mAP50(B)", "val/box_loss", "val/cls_loss", "lr/pg0"]
    rows = [[e + 1, t.mean(e), 0.5, 0.3, t.val_loss[e], 0.6, 0.01] for e in range(t.epochs)]
    write_file(folder, "yolo/args.yaml", f"epochs: {t.epochs + 3}\nbatch: 16\nlr0: 0.01\noptimizer: SGD\n")
    return write_lines(folder, "yolo/results.csv", [",".join(f"{c:>23}" for c in row) for row in [head, *rows]])


def yolo(folder: Path, t: Training) -> Path:
    """`'%10s' * 2 + '%10.4g' * 13`, here with more digits; the parts of a loss are in the sum."""
    parts = 0.1, 0.2
    lines = []
    for e in range(t.epochs):
        train, val = (t.mean(e) - sum(parts), *parts, t.mean(e)), (t.val_loss[e] - sum(parts), *parts)
        row = (*train, 97, 640, 0.9, 0.8, 0.5, 0.3, *val)
        lines.append(f"{e}/{t.epochs + 2}".rjust(10) + "12.9G".rjust(10) + "".join(f"{x:16.12g}" for x in row))
    return write_lines(folder, "results.txt", lines)


def fastai(folder: Path, t: Training) -> Path:
    rows = [f"{e},{t.mean(e)},{t.val_loss[e]},0.5,00:12" for e in range(t.epochs)]
    return write_lines(folder, "history.csv", ["epoch,train_loss,valid_loss,accuracy,time", *rows])


def timm(folder: Path, t: Training) -> Path:
    rows = [f"{e},{t.mean(e)},{t.val_loss[e]},70.1,90.2,0.01" for e in range(t.epochs)]
    return write_lines(folder, "summary.csv", ["epoch,train_loss,eval_loss,eval_top1,eval_top5,lr", *rows])


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
    return write_jsonl(folder, "log.txt", [dict(r) for r in rows])


def keras_history(folder: Path, t: Training) -> Path:
    found = {"loss": [t.mean(e) for e in range(t.epochs)], "val_loss": t.val_loss, "lr": [0.01] * t.epochs}
    return write_file(folder, "history.json", json.dumps(found))


def ultralytics_console(folder: Path, t: Training) -> Path:
    lines = []
    for e in range(t.epochs):
        lines.append("      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size")
        bar = f"{e + 1:>7}/{t.epochs}         0G {{:>10}}          3          1         41        640: {{}}"
        lines.append(bar.format(9.5, "10% 1/10 2.7it/s") + "\r" + bar.format(t.mean(e), "100% 10/10 23.2it/s 0.3s"))
        lines.append(
            "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100% 1/1"
        )
        lines.append("                   all          7         14       0.42          1      0.307      0.197")
    return write_lines(folder, "yolo.log", lines)


def evals_result(folder: Path, t: Training) -> Path:
    found = {"validation_0": {"logloss": [t.mean(e) for e in range(t.epochs)]}, "validation_1": {"logloss": t.val_loss}}
    return write_file(folder, "evals_result.json", json.dumps(found))


def keras_console(folder: Path, t: Training) -> Path:
    lines = []
    for e in range(t.epochs):
        lines.append(f"Epoch {e + 1}/{t.epochs}")
        bar = "\r".join(f"{k}/10 [=====>....] - ETA: 1s - loss: 0.9" for k in range(1, 10))
        lines.append(
            f"{bar}\r10/10 [=========] - 1s 9ms/step - loss: {t.mean(e)} - accuracy: 0.5 - val_loss: {t.val_loss[e]}"
        )
    return write_lines(folder, "stdout.txt", lines)


def xgboost_console(folder: Path, t: Training) -> Path:
    lines = [f"[{e}]\ttrain-logloss:{t.mean(e)}\teval-logloss:{t.val_loss[e]}" for e in range(t.epochs)]
    return write_lines(folder, "xgb.txt", lines)


def lightgbm_console(folder: Path, t: Training) -> Path:
    lines = [f"[{e + 1}]\ttraining's l2: {t.mean(e)}\tvalid_1's l2: {t.val_loss[e]}" for e in range(t.epochs)]
    return write_lines(folder, "lgb.txt", lines)


def catboost_console(folder: Path, t: Training) -> Path:
    lines = [f"{e}:\tlearn: {t.mean(e)}\ttest: {t.val_loss[e]}\tbest: 0.4 (7)\ttotal: 1.2ms" for e in range(t.epochs)]
    return write_lines(folder, "cat.txt", lines)


def epoch_console(folder: Path, t: Training) -> Path:
    lines = ["Using device cuda:0", "model has 1.2M parameters"]
    lines += [
        f"Epoch {e + 1}/{t.epochs} | Train Loss: {t.mean(e)} | Val. Loss: {t.val_loss[e]} | Val. Acc: 50.00%"
        for e in range(t.epochs)
    ]
    return write_lines(folder, "train.log", lines)
