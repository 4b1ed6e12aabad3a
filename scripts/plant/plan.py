"""What is planted where: healthy runs with their traps, and ladders of ever stronger faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from setups import Setup
from tasks import TASKS, Task


@dataclass(frozen=True)
class Case:
    """One run that may come into the corpus: the first rung of its ladder whose consequence is measured."""

    task: str
    cause: str
    planted: tuple[str, ...]
    """Kinds that the fault may show as; none: healthy."""
    ladder: tuple[Setup, ...]
    control: Setup
    styles: str = ""
    at: float = 0.0
    """Share of the run at which the fault sets in."""

    @property
    def name(self) -> str:
        """Task, cause and seed."""
        return f"{self.task}-{self.cause}-{self.ladder[0].seed}"


LONE = (
    "lr_too_high", "lr_too_low", "cut_off", "few_samples", "sorted", "batch_too_small", "schedule_ends",
    "drop_too_early", "val_elsewhere", "clip_too_tight", "bad_batch", "net_too_small", "dropout_too_strong",
    "val_copied", "deep_sigmoid",
)  # fmt: skip
"""Causes of kinds that have hardly another."""
ODD = ("smoothing", "stairs", "heavy_tails", "edge", "curriculum", "kl_ramp")
"""Traps that only some tasks have."""
CONTROLS = (0, 1, 2)
"""Seeds of every task's good runs; their spread is the noise that harm must exceed."""
Changes = dict[str, Any]


def faults(task: Task, good: Setup) -> Iterator[tuple[str, str, list[Changes], float]]:
    """Cause, kinds, ladder, onset."""
    lr = good.lr
    yield "lr_too_high", "oscillation plateau divergence nan stuck", [{"lr": lr * k} for k in (6, 12, 25, 60)], 0
    yield "lr_far_too_high", "divergence nan stuck oscillation", [{"lr": lr * k} for k in (30, 300, 2000)], 0
    yield "lr_too_low", "slow", [{"lr": lr / k} for k in (30, 100, 10)], 0
    yield "lr_absurdly_low", "stuck", [{"lr": lr / k} for k in (3000, 100000)], 0
    yield "cut_off", "undertrained", [{"cut": k} for k in (0.25, 0.15, 0.1)], 0
    yield "few_samples", "overfitting", [{"n_train": n, "steps": int(good.steps * 1.5)} for n in (150, 60, 30)], 0.1
    if task.kind != "none":
        yield "label_noise", "label_noise overfitting", [{"label_noise": k} for k in (0.35, 0.6)], 0
        yield "labels_shuffled", "label_noise overfitting stuck", [{"label_noise": 1.0}], 0
    yield "net_too_small", "underfitting", [{"width": w, "depth": 1} for w in (4, 2)], 0
    yield "decay_too_strong", "underfitting plateau stuck", [{"weight_decay": k} for k in (0.03, 0.3, 3.0)], 0
    yield "sorted", "periodic", [{"shuffle": False}], 0
    yield "batch_too_small", "batch_too_small oscillation", [{"batch": b, "steps": good.steps} for b in (2, 1)], 0
    yield "schedule_ends", "schedule_ended_early", [{"end_at": k} for k in (0.3, 0.15, 0.08)], 0.2
    yield "drop_too_early", "plateau", [{"end_at": k, "end_rate": 3e-3} for k in (0.12, 0.06)], 0.1
    yield (
        "val_rows_leak",
        "leakage",
        [{"leak": "rows", "n_train": n, "steps": int(good.steps * 1.5)} for n in (200, 60)],
        0,
    )
    yield "val_copied", "leakage", [{"leak": "copy"}], 0
    yield "val_elsewhere", "val_shift", [{"val_shift": k} for k in (0.4, 0.8)], 0
    if task.framework == "sklearn":
        return
    yield "zero_init", "stuck", [{"init": 0.0}], 0
    yield "detached", "stuck", [{"train_only": "none"}], 0
    yield "frozen", "plateau underfitting", [{"train_only": "last"}], 0
    yield "init_too_large", "exploding_gradients plateau stuck nan", [{"init": k} for k in (6.0, 20.0)], 0
    yield "dropout_too_strong", "underfitting", [{"dropout": k} for k in (0.85, 0.95)], 0
    yield (
        "clip_too_tight",
        "clipping_active",
        [{"clip": k, "optimizer": "sgd", "lr": sgd(good)} for k in (0.01, 1e-3)],
        0,
    )
    for kind, at in (("sample", 0.4), ("log0", 0.6), ("sqrt0", 0.25)):
        yield f"nan_{kind}", "nan", [{"nan": kind, "nan_at": at}], at
    bad = [{"bad_at": (0.5,), "bad": k, "lr": lr * f} for k, f in ((5.0, 1), (20.0, 1), (100.0, 3))]
    yield "bad_batch", "loss_spike exploding_gradients nan", bad, 0.5
    yield (
        "bad_batches",
        "loss_spike exploding_gradients divergence nan",
        [{**b, "bad_at": (0.35, 0.7)} for b in bad],
        0.35,
    )
    yield "rate_jumps", "divergence oscillation nan", [{"jump_at": 0.6, "jump": k} for k in (30, 100, 1000)], 0.6
    yield "ascends", "divergence nan", [{"ascend_at": 0.7}], 0.7
    yield "keeps_gradients", "divergence oscillation nan", [{"keep_gradients": True, "lr": lr * k} for k in (1, 3)], 0
    yield "deep_sigmoid", "vanishing_gradients stuck", [{"bend": "sigmoid", "depth": k} for k in (8, 12)], 0


def sgd(good: Setup) -> float:
    """A rate for plain descent on the same task."""
    return {"sgd": 1.0, "momentum": 5.0}.get(good.optimizer, 30.0) * good.lr


def traps(task: Task, good: Setup) -> Iterator[tuple[str, Changes, str]]:
    """Healthy runs that look odd: name, changes, styles."""
    n = good.steps
    for name in ("cosine", "step", "warmup", "warmup_cosine", "one_cycle", "restarts", "stable_decay", "exponential"):
        yield name, {"schedule": name}, ""
    yield "long", {"steps": (4 if n > 1000 else 3) * n, "schedule": "cosine"}, "lean bare ten epoch"
    yield "short_log", {"validations": 4}, "epoch epoch_plain"
    yield "half_rate", {"lr": good.lr / 2}, ""
    yield "twice_rate", {"lr": good.lr * 2, "schedule": "cosine"}, ""
    yield "tiny_batch", {"batch": 4, "lr": good.lr / 3, "steps": 2 * n}, "full lean bare"
    yield "few_val", {"validations": 5, "val_n": 40}, "bare ten smooth epoch"
    yield "decay", {"weight_decay": 1e-3}, ""
    if task.framework == "sklearn":
        return
    yield "dropout", {"dropout": 0.3, "steps": int(1.3 * n)}, "full epoch ten"
    yield "resumed", {"resume_at": 0.6}, "full bare"
    yield "clipped", {"clip": 5.0}, "full"
    yield "large_batch", {"batch": 4 * good.batch, "steps": n // 2, "lr": 2 * good.lr}, ""
    yield "averaged", {"schedule": "cosine"}, "smooth"
    if good.optimizer not in ("sgd", "momentum"):
        yield "other_optimizer", {"optimizer": {"adam": "rmsprop", "rmsprop": "adam"}.get(good.optimizer, "adam")}, ""
    if task.kind == "classes":
        yield "smoothing", {"smoothing": 0.15}, ""
    if task.kind == "tokens":
        yield "stairs", {"n_train": 2000, "steps": int(1.2 * n)}, "full bare"
    if task.kind == "numbers":
        yield "heavy_tails", {"heavy": 0.08}, "full lean bare"
        yield "edge", {"optimizer": "sgd", "lr": 0.25, "n_train": 512, "batch": 512, "steps": 300}, "full lean"
    if good.task in ("fashion_cnn", "fashion_vae", "fashion_resnet", "distill", "finetune"):
        yield "curriculum", {"harder_at": 0.5}, "full bare ten"
    if good.task == "fashion_vae":
        yield "kl_ramp", {"kl": 3e-3}, "full bare ten"


def cases(only: str = "") -> list[Case]:
    """The controls first, then healthy and faulty ones of every task in turn.

    Every task has two thirds of the `LONE` faults and a quarter of the others and of the traps, other ones than its
    neighbours, and begins elsewhere in the list.
    """
    out: list[list[Case]] = []
    for place, (name, task) in enumerate(TASKS.items()):
        good = Setup(name, **task.good)
        seeded = [replace(good, seed=seed) for seed in CONTROLS]
        mine = [Case(name, "control", (), (s,), s) for s in seeded]
        made: list[Case] = []
        for number, (cause, kinds, ladder, at) in enumerate(faults(task, good)):
            if name == "infonce" and "batch" in cause:
                continue
            if (number + place) % 3 if cause in LONE else (number + place) % 4 == 0:
                control = seeded[number % len(seeded)]
                rungs = tuple(replace(control, **change) for change in ladder)
                made.append(Case(name, cause, tuple(kinds.split()), rungs, control, at=at))
        well = [Case(name, f"trap_{trap}", (), (replace(seeded[i % 3], **change),), seeded[i % 3], styles)
                for i, (trap, change, styles) in enumerate(traps(task, good))
                if name + trap not in ("infoncetiny_batch", "infoncelarge_batch")
                and (trap in ODD or (i + place) % 4 == 0)]  # fmt: skip
        made = made[place % len(made) :] + made[: place % len(made)]
        out.append(mine + [case for pair in mixed(made, well) for case in pair])
    longest = max(len(part) for part in out)
    return [part[i] for i in range(longest) for part in out if i < len(part) and only in part[i].name]


def mixed(made: list[Case], well: list[Case]) -> Iterator[list[Case]]:
    """Both spread evenly over the whole list."""
    total = max(len(made), len(well))
    for i in range(total):
        yield [part[j] for part in (made, well) for j in range(i * len(part) // total, (i + 1) * len(part) // total)]
