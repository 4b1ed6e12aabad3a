"""One small training, written the way each framework writes it: for the laws, the fuzzer and the benchmarks.

`WRITERS` maps a name to a function (folder, training) -> path to read. Every writer is our own code; the formats are
those that the frameworks document or write.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from samples.consoles import (
    boxes,
    build_nanogpt,
    composer,
    darknet,
    detectron2_console,
    fairseq,
    hf_console,
    llmc,
    megatron,
    modded_nanogpt,
    nanochat,
    nanogpt,
    step_console,
    torchtune,
    tutorial_console,
)
from samples.epochs import (
    catboost_console,
    detr,
    epoch_console,
    evals_result,
    fastai,
    keras_console,
    keras_csv,
    keras_history,
    lightgbm_console,
    timm,
    ultralytics,
    ultralytics_console,
    xgboost_console,
    yolo,
)
from samples.json_logs import (
    detectron2_json,
    hf,
    journal,
    jsonl,
    llamafactory,
    mmdet_json,
    mmengine_json,
    sacred,
    wandb_history,
)
from samples.stores import (
    VERSION,
    dvclive,
    field,
    keras_tfevents,
    mlflow,
    mlflow_db,
    record,
    scalar_event,
    tfevents,
    varint,
    visualdl,
    wandb,
)
from samples.tables import (
    csv,
    headerless,
    lightning,
    listed,
    long_table,
    ruled,
    semicolons,
    transposed,
    wandb_export,
)
from samples.training import Training, training

__all__ = [
    "EPOCHS", "STEPS", "VERSION", "WITHOUT_VALIDATION", "WRITERS",
    "field", "record", "scalar_event", "training", "varint",
]  # fmt: skip

STEPS: dict[str, Callable[[Path, Training], Path]] = {
    f.__name__: f
    for f in (
        journal, csv, headerless, lightning, semicolons, wandb_export, long_table, jsonl, wandb_history,
        detectron2_json, mmdet_json, mmengine_json, llamafactory, hf, sacred, detectron2_console, darknet,
        boxes, nanogpt, build_nanogpt, modded_nanogpt, llmc, nanochat, megatron, fairseq, torchtune, composer,
        step_console, tutorial_console, tfevents, wandb, mlflow, mlflow_db, dvclive, ruled, visualdl,
    )
}  # fmt: skip
"""Writers that log every step, and validation at the epochs' ends."""

EPOCHS: dict[str, Callable[[Path, Training], Path]] = {
    f.__name__: f
    for f in (
        keras_csv, ultralytics, fastai, timm, detr, keras_history, evals_result, keras_console, xgboost_console,
        lightgbm_console, catboost_console, epoch_console, keras_tfevents, yolo, transposed, listed,
        ultralytics_console,
    )
}  # fmt: skip
"""Writers that log one mean an epoch."""

WITHOUT_VALIDATION = frozenset(
    ("boxes", "detectron2_console", "darknet", "headerless", "torchtune", "nanochat", "yolo", "ultralytics_console")
)
BY_EPOCH_FRACTION: dict[str, Callable[[Path, Training], Path]] = {"hf_console": hf_console}
"""Writers that log every step but print only the epoch."""
WRITERS = {**STEPS, **EPOCHS, **BY_EPOCH_FRACTION}
