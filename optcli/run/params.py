"""What people call their settings when they log them, by recipe path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from optcli.run.numbers import number

NAMES: Final = {
    "optimizer.lr": ("lr", "learning_rate", "opt_learning_rate", "base_lr", "init_lr"),
    "data.batch_size": ("batch_size", "train_batch_size", "per_device_train_batch_size", "bs", "batch"),
    "train.accumulate": (
        "gradient_accumulation_steps", "accumulate_grad_batches", "accumulate", "grad_accum_steps", "accum_iter",
        "accumulation_steps", "grad_accumulation_steps", "update_freq",
    ),
    "optimizer.name": ("optimizer", "optimizer_name", "opt_name", "optim", "opt"),
    "optimizer.weight_decay": ("weight_decay", "wd"),
    "facts.train": (
        "n_train", "num_train", "train_size", "n_train_samples", "num_train_samples", "train_samples",
        "num_train_examples", "num_training_samples",
    ),
    "model.hidden": (
        "hidden", "hidden_sizes", "hidden_size", "hidden_dims", "hidden_dim", "hidden_layer_sizes", "d_model", "n_embd",
        "hidden_units", "hidden_features", "hidden_channels", "nhid", "num_units", "n_units", "base_channels",
        "n_filters", "num_filters",
    ),
    "model.width_factor": ("width_factor", "width_mult", "width_multiplier"),
    "regularizers.dropout.rate": ("dropout", "dropout_rate", "drop", "drop_rate", "p_dropout"),
    "train.epochs": ("epochs", "num_train_epochs", "max_epochs", "num_epochs"),
    "regularizers.clip_norm.max_norm": (
        "max_grad_norm", "gradient_clip_val", "clip_norm", "clip_grad_norm", "grad_clip", "clip_grad", "grad_norm_clip",
        "clip",
    ),
}  # fmt: skip


TRAINED: Final = ("pretrained", "use_pretrained", "from_pretrained", "finetune", "fine_tune", "finetuning")
UNTRAINED: Final = ("", "none", "false", "no", "0", "0.0")
"""Names that tell whether the net had been trained before, by a switch or where its weights lie, and what means no."""
BEGUN: Final = ("init", "init_from")
BEGUN_TRAINED: Final = ("pretrained", "finetune", "gpt2")
"""Names that tell what it begins with, and how their value begins where it had been trained (nanoGPT: `gpt2-xl`)."""
LINEAR: Final = ("linear", "logreg", "logistic", "softmax_reg", "ridge", "lasso", "sgdreg", "sgdclass")
"""How models without a hidden layer are called, at the beginning: their rate depends on the scale of the inputs."""
MIXED: Final = ("mixup", "mixup_alpha", "cutmix", "cutmix_alpha")
"""Names of what blends samples, by a switch or a strength above 0."""
COUNTS: Final = ("hidden",)
"""Names that hold widths in a list, and by themselves as often the number of layers."""


def known(params: Mapping[str, Any]) -> dict[str, Any]:
    """Recipe path -> value, for the settings that are known by name; numbers in text become numbers."""
    found: dict[str, Any] = {}
    for path, names in NAMES.items():
        name = next((name for name in names if _told(name, params.get(name))), "")
        value = params.get(name)
        if name.startswith("per_device"):
            found["facts.per_device"] = 1
        if value not in (None, ""):
            found[path] = value if isinstance(value, list) or number(value) is None else number(value)
    if _trained(params):
        found["facts.pretrained"] = 1
    if str(params.get("model")).lower().startswith(LINEAR):
        found["facts.linear"] = 1
    if any((number(params.get(name)) or 0.0) > 0 or params.get(name) is True for name in MIXED):
        found["facts.mixed"] = 1
    return found


def _trained(params: Mapping[str, Any]) -> bool:
    """Whether a setting says that the net had been trained before."""
    told = (str(params.get(name) or "").lower() for name in TRAINED)
    begun = (str(params.get(name)).lower() for name in BEGUN)
    return any(text not in UNTRAINED for text in told) or any(text.startswith(BEGUN_TRAINED) for text in begun)


def _told(name: str, value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, int) and not isinstance(one, bool) for one in value)
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and name not in COUNTS
