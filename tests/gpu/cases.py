"""What is tried on the fake device: name -> (changes to the recipe, whether the data fits on the device)."""

from __future__ import annotations

from optcli.parts import bundled

PRECISIONS = ("fp32", "bf16", "fp16")
MODELS = {
    "cnn": ("model={name: cnn, channels: [4]}",),
    "resnet": ("model={name: resnet, blocks: 1, width: 4}",),
    "gpt": ("data.name=text", "model={name: gpt, layers: 1, heads: 2, width: 8}"),
    "rnn": ("data.name=text", "model={name: rnn, width: 8}"),
    "linear": ("model=linear",),
}
"""Besides the mlp, with which everything else is tried."""
REGULARIZERS = {
    "clip_norm": "max_norm=0.5", "dropout": "rate=0.2", "early_stopping": "patience=2", "elastic_net": "strength=1e-4",
    "l1": "strength=1e-4", "l2": "strength=1e-4 optimizer.weight_decay=0", "label_smoothing": "strength=0.1", "max_norm": "limit=3",
}  # fmt: skip
REGRESSION = ("data.name=table", "metrics=[mae, r2, rmse]")
LANGUAGE = ("data.name=text", "model={name: gpt, layers: 1, heads: 2, width: 8}")
ACCUMULATE, CLIP = "train.accumulate=2", "regularizers.clip_norm.max_norm=1"


def cases() -> dict[str, tuple[list[str], bool]]:
    """Every optimizer in every precision, then every other part at least once."""
    made: dict[str, tuple[list[str], bool]] = {}
    for precision in PRECISIONS:
        chosen = f"train.precision={precision}"
        for name in bundled("optimizer"):
            made[f"{name} {precision}"] = [f"optimizer.name={name}", chosen], True
            made[f"{name} {precision} clip accumulate"] = [f"optimizer.name={name}", chosen, CLIP, ACCUMULATE], True
        for name, changes in MODELS.items():
            made[f"{name} {precision}"] = [*changes, chosen], True
        made[f"clip {precision}"] = [chosen, CLIP], True
        made[f"accumulate {precision}"] = [chosen, ACCUMULATE], True
        made[f"far {precision}"] = [chosen], False
    for name in bundled("optimizer"):
        made[f"{name} decay l1"] = [
            f"optimizer={{name: {name}, weight_decay: 0.1}}", "regularizers.l1.strength=1e-4"
        ], True  # fmt: skip
    for name, option in REGULARIZERS.items():
        made[name] = [f"regularizers.{name}.{option}"], True
    made["muon cnn"] = [*MODELS["cnn"], "optimizer.name=muon"], True
    made["muon gpt"] = [*MODELS["gpt"], "optimizer.name=muon"], True
    made["far accumulate"] = [ACCUMULATE], False
    made["tf32"] = ["train.precision=tf32"], True
    made["bce"] = ["loss=bce", "metrics=[accuracy, perplexity]"], True
    made["mse"] = ["loss=mse", *REGRESSION], True
    made["huber"] = ["loss=huber", *REGRESSION], True
    made["language"] = [*LANGUAGE, "metrics=[accuracy, perplexity, bits_per_char]"], True
    return made
