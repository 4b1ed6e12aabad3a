"""What the prescriptions share: patches where a recipe is known, and the arguments' names in other frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.settings import setting
from optcli.recipe.patch import Patch

NAMES: Final = {
    "lr": {
        "hf": "`learning_rate`",
        "lightning": "`lr` in `configure_optimizers`",
        "keras": "the optimizer's `learning_rate`",
    },
    "clip": {"hf": "`max_grad_norm`", "lightning": "`gradient_clip_val`", "keras": "the optimizer's `global_clipnorm`"},
    "warmup": {
        "hf": "`warmup_ratio`",
        "lightning": "a `LinearLR` before your scheduler",
        "keras": "`warmup_steps` of `CosineDecay`",
    },
    "batch": {
        "hf": "`per_device_train_batch_size` or `gradient_accumulation_steps`",
        "lightning": "the DataLoader's `batch_size` or `accumulate_grad_batches`",
        "keras": "`batch_size` in `fit`",
    },
    "epochs": {"hf": "`num_train_epochs`", "lightning": "`max_epochs`", "keras": "`epochs` in `fit`"},
    "weight_decay": {
        "hf": "`weight_decay`",
        "lightning": "`weight_decay` in `configure_optimizers`",
        "keras": "`weight_decay` of `AdamW`",
    },
    "schedule": {
        "hf": "`lr_scheduler_type`",
        "lightning": "the scheduler and its `interval`",
        "keras": "the `LearningRateSchedule`",
    },
    "early_stop": {
        "hf": "`EarlyStoppingCallback` and `load_best_model_at_end`",
        "lightning": "`EarlyStopping` and `ModelCheckpoint(monitor=...)`",
        "keras": "`EarlyStopping(restore_best_weights=True)`",
    },
    "shuffle": {
        "hf": "leave `Trainer`'s own sampler in place",
        "lightning": "`shuffle=True` in the train DataLoader",
        "keras": "`shuffle=True` in `fit`, or `Dataset.shuffle` with a buffer as long as the data",
    },
    "precision": {
        "hf": "`bf16=True` instead of `fp16=True`",
        "lightning": '`precision="bf16-mixed"`',
        "keras": '`set_global_policy("mixed_bfloat16")`',
    },
}
"""What to turn -> framework -> its name there."""


def advice(what: str, plain: str) -> dict[str, str]:
    """Plain words for any framework, and for each that is known the argument to turn."""
    return {"any": plain, **{framework: f"{plain}: {name}" for framework, name in NAMES[what].items()}}


def recipe_known(case: Case) -> bool:
    """Whether the configuration is that of a recipe, so that a patch can be applied to it."""
    named = setting(case.config, "model") or setting(case.config, "model.name")
    return bool(named) and case.number("optimizer.lr") is not None


def patch(case: Case, changes: Mapping[str, Any]) -> Patch | None:
    """The changes as a Patch; None where no recipe is known."""
    return Patch(dict(changes)) if recipe_known(case) else None


def scaled(case: Case, path: str, factor: float, default: float | None = None) -> float | None:
    """The configured number at `path` times `factor`, to two digits; `default` where there is none or it is 0."""
    value = case.number(path)
    if not value:
        return default
    whole = isinstance(setting(case.config, path), int)
    return round(value * factor) if whole and factor >= 1 else float(f"{value * factor:.2g}")


def scale_patch(case: Case, path: str, factor: float) -> Patch | None:
    """A patch that multiplies one number; None where it isn't known."""
    value = scaled(case, path, factor)
    return patch(case, {path: value}) if value is not None else None
