"""Which column plays which role: `eval_loss` is `val/loss`, `learning_rate` is `lr`, `gnorm` is `grad_norm` ...

A name is split into words; some words name the split (train, val, test), some the quantity, some say nothing (mean,
step); whatever is left over counts against it, so that `loss` beats `loss_bbox` and both beat `loss_bbox_0_unscaled`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from optcli.run.objectives import objective
from optcli.run.tongues import english, names_of


def listed(words: str) -> tuple[str, ...]:
    """The words of a text: a list that reads well in the source."""
    return tuple(words.split())


SPLITS: Final = {
    **dict.fromkeys(("train", "training", "learn", "tr", "trl"), "train"),
    **dict.fromkeys(
        ("val", "vali", "valid", "validation", "validate", "eval", "evaluation", "dev", "cv", "heldout", "tel"), "val"
    ),
    **dict.fromkeys(("test", "testing"), "test"),
}
LOSS: Final = frozenset(listed("loss losses nll cost objective logloss mlogloss crossentropy xent"))
"""Words that name a loss."""
_SHORTFALLS: Final = "rmse mae mse error err merror bpb bpc perplexity ppl rmspe rmsle msle mape smape mphe"
FALLBACK: Final = frozenset(listed(f"l1 l2 deviance elbo kld ce {_SHORTFALLS}"))
ACCURACY: Final = frozenset(listed("acc accu accuracy acc1 top1 accuracy1 accs accuracies"))
METRICS: Final = frozenset(
    listed(
        "f1 auc auroc map map50 miou iou dice bleu rouge precision recall r2 psnr ssim wer cer mrr ndcg hella hellaswag"
        f" ap ar fid mcc kappa top5 acc5 {_SHORTFALLS}"
    )
)
EVALUATIONS: Final = frozenset(listed("map map50 ap miou hella hellaswag bleu wer cer"))
"""What nobody measures on training data: these are validation metrics without saying so."""
SILENT: Final = frozenset(
    listed(
        "step epoch mean avg average total running batch iter iteration it overall sum all the value smoothed smooth"
        " tot current lm model metrics metric full rate per log global raw"
    )
)
SMOOTHED: Final = frozenset(listed("smoothed smooth running"))
NEVER: Final = frozenset(
    listed(
        "unscaled runtime scale scaler best min max std weight target patience samples second seconds time lambda"
        " coef coefficient ratio vs num count perf limit threshold worst"
    )
)
"""Words that take a name out of the running for a headline."""
EXTREMES: Final = frozenset(listed("best worst min max std target"))
"""Words that make an accuracy another one than that of this step."""
ERRORS: Final = frozenset(listed("error err"))
BY_BATCH: Final = frozenset(listed("step batch iter iteration"))
"""What is said of a validation set batch by batch: the mean over the epoch, which Lightning logs too, is the curve."""
STEP_NAMES: Final = (
    *listed(
        "step global_step trainer/global_step _step iteration iter iterations iters steps update updates num_updates"
        " n_iter iter_num current_steps current_step global_iter train_step training_step opt_step optimizer_step"
        " batch_num train/global_step total_timesteps time/total_timesteps x batch batch_idx #"
    ),
    *names_of("step"),
    *names_of("iteration"),
)
EPOCH_NAMES: Final = (
    *listed("epoch epochs epoch_num current_epoch epoch_idx epoch_id ep train/epoch round e index"),
    *names_of("epoch"),
)
CLOCK_NAMES: Final = (
    "wall time",
    *listed(
        "wall_time wall walltime _timestamp timestamp created_at elapsed elapsed_time time_elapsed _runtime time"
        " train_time total_time relative_time timestamps clock.t elapsed_s elapsed_sec elapsed_seconds elapsed_secs"
    ),
)
LOADERS: Final = frozenset(listed("data reader dataloader loader dataloading dataload"))
LOADER_SAYS: Final = LOADERS | frozenset(
    listed("time times cost wait load loading fetch batch avg mean perf timing timer metrics s sec seconds t ms train")
)
DURATIONS: Final = frozenset(listed("time times cost wait s sec seconds timing timer t ms"))
DATA_TIMES: Final = frozenset(("data", "data_load", "load_time", "loader", "t_data"))
TIMES: Final = frozenset(listed("time seconds timing secs s"))
"""Words and names of the seconds that a step takes, and of those that it waits for data."""
MEMORY: Final = frozenset(listed("memory mem vram rss"))
MEMORY_SAYS: Final = MEMORY | frozenset(
    listed(
        "gpu cuda max peak allocated alloc reserved active current used usage gb gib mb mib kb bytes host cpu ram"
        " process device perf system train clock m g"
    )
)
"""Words beside them that leave it the memory in use, not a share or what is free."""
RATES: Final = frozenset(listed("throughput wps tps ips ups"))
SECOND: Final = frozenset(listed("s sec second"))
COUNTED: Final = frozenset(
    listed("it its iter iters tok tokens img imgs images sample samples steps batches seq words")
)
"""Words of how much is done in a second, and of what."""


_WORD: Final = re.compile(rf"(?:{'|'.join(SPLITS)})(?=[0-9])|[a-z]+[0-9]*(?:\.[0-9]+)?|[0-9]+")
"""The number of a split is a word of its own, as in `val1_loss`."""
_TOP: Final = re.compile(r"(?<![a-z])prec@?([15])(?!\d)")
"""`Prec@1` of PyTorch's ImageNet example: the share of images whose class is among the first so many guesses."""
_CROSS: Final = re.compile(r"cross[ _-]entropy")
_OF_A_LAYER: Final = re.compile(r"grad[\w.]*_norms?/(?!(?:total|global|all|pre|post|clip)\b)", re.I)
"""`grad_norm/layers.0.weight` is not the norm of the whole gradient."""


@dataclass(frozen=True)
class Meaning:
    """What a name says: the role it could play and how far it is from the plainest name for it (0 is best)."""

    role: str
    rank: int


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case and English: `trainLoss`, `train/loss` and `Trainingsverlust` give the same."""
    name = english(re.sub(r"([a-z0-9])([A-Z])(?=[a-z])", r"\1_\2", name[:300].replace("mIoU", "miou")))
    name = name.replace("learning_rate", "lr").replace("learning rate", "lr").replace("learning-rate", "lr")
    name = _CROSS.sub("crossentropy", name) if "entropy" in name else name
    return tuple(_WORD.findall(_TOP.sub(r"acc\1", name)))


def split_in(name: str) -> str | None:
    """The part of the data that a name speaks of, if any.

    Of several the last counts: `eval_train_loss` was taken on training data, `train/val_loss` was not.
    """
    return next((SPLITS[word] for word in reversed(words(name)) if word in SPLITS), None)


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning | None:
    """The role that this name stands for, whatever else is in the log; None for a quantity without a role."""
    if name in ("train", "val", "valid", "test"):
        return Meaning(f"{'val' if name == 'valid' else name}/loss", 4)
    split, rest = split_in(name), [w for w in words(name) if w not in SPLITS]
    found = _optimizer(name, rest) or _resource(name, split, rest) or _headline(split, rest)
    return Meaning(f"{split}/loss", STAND_IN) if found is None and split and objective(name) else found


def _optimizer(name: str, rest: list[str]) -> Meaning | None:
    have = set(rest)
    if not {("loss", "scale"), ("loss", "scaler")}.isdisjoint(pairwise(rest)):
        return Meaning("loss_scale", len(rest) - 2)
    if _OF_A_LAYER.search(name):
        return None
    if {"gnorm"} & have or ({"norm", "norms"} & have and {"grad", "gradient", "gradients", "grads"} & have):
        return Meaning(
            "grad_norm",
            sum(w not in {"gnorm", "grad", "gradient", "norm", "total", "global", "pre", "clip"} for w in rest),
        )
    if name.strip().lower() == "norm":
        return Meaning("grad_norm", 3)
    if {"skipped", "nan"} & have and (have & {"steps", "iterations", "step", "iters"} or rest == ["skipped"]):
        return Meaning("skipped_steps" if "skipped" in have else "nan_steps", max(0, len(rest) - 2))
    if {"update", "ratio"} <= have and len(rest) == 2:
        return Meaning("update_ratio", 0)
    return _rate(rest)


def _rate(rest: list[str]) -> Meaning | None:
    if rest == ["rate"]:
        return Meaning("lr", 3)
    group = next((w for w in rest if re.fullmatch(r"lr[0-9]?", w)), None)
    if group is None or {"mult", "scale", "factor", "decay", "ratio"} & set(rest):
        return None
    # Of three parameter groups the middle one is never the bias group, whose warm-up starts high (Ultralytics).
    index = (group[2:] or next((w[-1] for w in rest if re.fullmatch(r"(pg|group)[0-9]", w)), "")) or "1"
    extra = sum(w != group and w not in SILENT for w in rest)
    return Meaning("lr", extra * 2 + (index != "1"))


def _resource(name: str, split: str | None, rest: list[str]) -> Meaning | None:
    """What a step costs: seconds, seconds of waiting for data, memory; and how many of something a second brings."""
    have, plain = set(rest), name.strip().lower()
    if split in ("val", "test"):
        return None
    if plain == "clock.mib" or (MEMORY & have and have <= MEMORY_SAYS):
        return Meaning("memory", len(rest) - 1)
    if RATES & have or ({"per"} <= have and SECOND & have and not have & (LOSS | TIMES)) or _rate_sign(plain, have):
        return Meaning("throughput", len(rest))
    if plain in DATA_TIMES or (LOADERS & have and have <= LOADER_SAYS and DURATIONS & have and "%" not in name):
        return Meaning("data_time", len(rest) - 2 + 5 * (plain == "data"))
    return _seconds(plain, have, len(rest))


def _rate_sign(plain: str, have: set[str]) -> bool:
    return plain.endswith(("/s", "/sec")) and bool(have & COUNTED)


def _seconds(plain: str, have: set[str], words: int) -> Meaning | None:
    if plain in ("time", "batch_time", "iter_time", "time/iter", "batch_cost", "avg_batch_cost", "batch (t)"):
        return Meaning("step_time", 9)
    if "dt" in have or (
        TIMES & have and have & {"step", "iter", "iteration", "batch", "elapsed", "end"} and not LOADERS & have
    ):
        return None if plain.rpartition("/")[2] in CLOCK_NAMES else Meaning("step_time", words)
    return None


def _headline(split: str | None, rest: list[str]) -> Meaning | None:
    have = set(rest)
    if have & ACCURACY and not have & (LOSS | ERRORS):
        if have & EXTREMES:
            return None
        extra = sum(w not in ACCURACY and w not in SILENT for w in rest)
        return Meaning(f"{split or 'train'}/accuracy", extra + (split is None))
    if have & LOSS == {"cost"} and have & (LOADERS | {"batch"}):
        return None  # seconds
    if have & LOSS:
        bad = 50 * bool(have & (NEVER - {"total"})) + 20 * any(w.isdigit() for w in rest)
        bad += split in ("val", "test") and bool(have & BY_BATCH)
        extra = sum(w not in LOSS and w not in SILENT and not w.isdigit() for w in rest)
        extra += any(a == "value" and b in LOSS for a, b in pairwise(rest))  # of a critic; `lm loss value` is a loss's
        return Meaning(f"{split or 'train'}/loss", bad + 2 * extra + ("loss" not in have and "losses" not in have))
    if (have & FALLBACK or have - SILENT == {"rms"}) and not have & NEVER and not have & {"r2", "f1"}:
        extra = sum(w not in FALLBACK and w not in SILENT and w != "rms" for w in rest)
        return Meaning(f"{split or 'train'}/loss", STAND_IN + 2 * extra + (split is None))
    if split in ("val", "test") and rest in (["score"], ["scores"]):
        return Meaning(f"{split}/score", 0)
    if split in ("val", "test") and have & METRICS:
        return Meaning(f"{split}/{_plain(rest)}", 0)
    if split is None and have & EVALUATIONS:
        return Meaning(f"val/{_plain(rest)}", 1)
    return None


def _plain(rest: list[str]) -> str:
    return "_".join(word for word in rest if word not in SILENT and not word.isdigit()) or "metric"


STAND_IN: Final = 30
"""A loss of this rank or worse is a stand-in (mse, error, ...) for logs without any column called a loss."""
HOPELESS: Final = 50


def assign(counts: Mapping[str, int], mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Role -> column for a log whose columns (name -> number of points) are known.

    Each column plays at most one role. A series of one point never beats one with more; else a column that bears the
    role's own name wins, and at equal rank the longer one, then the one that isn't smoothed, then the one that names
    its data. `mapping` (role -> column, as the user says) goes before everything.
    """
    from optcli.run.company import strangers, together

    given = {role: name for role, name in (mapping or {}).items() if name in counts}
    said = {name: found for name in counts if (found := meaning(name)) is not None and found.rank < HOPELESS}
    said = together(said, counts, "train/loss" not in given)
    best = _best(said, counts, given)
    for role in ("train/loss", "train/accuracy"):
        lead = given.get(role, best.get(role))
        if lead is not None and (others := strangers(said, lead, role)):
            said = {name: found for name, found in said.items() if name not in others}
            best = _best(said, counts, given)
    return _splits(given | best, counts, given)


def _best(said: Mapping[str, Meaning], counts: Mapping[str, int], given: Mapping[str, str]) -> dict[str, str]:
    """The column that fits a role best, for each role that isn't given."""
    best: dict[str, tuple[tuple[bool, bool, int, int, bool, bool, int], str]] = {}
    for place, (name, found) in enumerate(said.items()):
        n = counts[name]
        if n == 0 or name in given.values():
            continue
        bare = found.role.startswith("train/") and split_in(name) is None
        key = n == 1, name != found.role, found.rank, -n, not SMOOTHED.isdisjoint(words(name)), bare, place
        if found.role not in given and (found.role not in best or key < best[found.role][0]):
            best[found.role] = key, name
    return {role: name for role, (_, name) in best.items()}


def _splits(roles: dict[str, str], counts: Mapping[str, int], given: Mapping[str, str]) -> dict[str, str]:
    """A test curve stands in for a missing validation curve; a lone final test value doesn't."""
    for role in [r for r in roles if r.startswith("test/") and r not in given]:
        twin = "val/" + role.removeprefix("test/")
        if twin not in roles and counts[roles[role]] > 1:
            roles[twin] = roles.pop(role)
    # A stand-in is no partner for a real loss: their difference would mean nothing.
    if "train/loss" in roles and "val/loss" in roles and "val/loss" not in given:
        first, second = meaning(roles["train/loss"]), meaning(roles["val/loss"])
        if first and second and first.rank < STAND_IN <= second.rank:
            name = roles.pop("val/loss")
            roles.setdefault(f"val/{_plain([w for w in words(name) if w not in SPLITS])}", name)
    if "val/accuracy" not in roles and "train/accuracy" in roles:
        plain = roles["train/accuracy"]
        if not split_in(plain) and "train/loss" not in roles and "val/loss" in roles:
            roles["val/accuracy"] = roles.pop("train/accuracy")
    return roles
