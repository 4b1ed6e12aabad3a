"""The nearest right name for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

REACH: Final = 2
"""Edits (insert, delete, replace, swap) within which a name counts as a typo."""
_LISTED: Final = 16
"""Names that a message lists in full; more would bury the hint."""
_OTHER_TONGUES: Final = {
    "learning_rate": "lr", "wd": "weight_decay", "optim": "optimizer", "bs": "batch_size", "max_epochs": "epochs",
    "num_epochs": "epochs", "max_steps": "steps", "scheduler": "schedule", "lr_scheduler": "schedule",
    "criterion": "loss", "dataset": "data", "network": "model", "net": "model", "evaluation": "eval_every",
    "trainer": "train", "training": "train", "random_seed": "seed", "grad_accum": "accumulate",
    "gradient_accumulation_steps": "accumulate", "include": "extends", "base": "extends", "inherits": "extends",
    "hyperparameters": "tune", "mse_loss": "mse", "crossentropy": "cross_entropy", "ce": "cross_entropy",
    "nll": "cross_entropy", "l2_loss": "mse", "weight_norm": "clip_norm", "gradient_clipping": "clip_norm",
    "grad_clip": "clip_norm", "cosine_annealing": "cosine", "onecycle": "one_cycle", "acc": "accuracy",
    "momentum_sgd": "sgd", "warmup_steps": "warmup", "warmup_ratio": "warmup", "mixed_precision": "precision",
    "num_warmup_steps": "warmup", "num_decay_steps": "decay", "num_cycles": "first", "t_0": "first", "t_mult": "mult",
    "eta_min": "min_lr", "lr_end": "min_lr", "min_lr_rate": "min_ratio", "base_lr": "low",
    "pct_start": "peak_at", "div_factor": "div", "final_div_factor": "final_div", "anneal_strategy": "shape",
    "step_size": "every", "milestones": "at", "step_size_up": "up", "step_size_down": "down", "factor": "gamma",
    "decay_type": "shape", "schedulers": "stages",
}  # fmt: skip
"""What other tools call it -> what it is called here."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known names that `name` may have meant, nearest first; none if it resembles none of them."""
    known = list(known)
    low = name.lower().replace("-", "_").strip()[:100]
    if (other := _OTHER_TONGUES.get(low)) in known:
        return [str(other)]
    distances = {k: distance(low, k.lower().replace("-", "_"), REACH) for k in known}
    best = min(distances.values(), default=REACH + 1)
    if low and best <= REACH:
        return [k for k in known if distances[k] == best]
    # Longer names may be cut (`accur`) or decorated (`adam_optimizer`) rather than mistyped.
    return [k for k in known if min(len(low), len(k)) > 2 and (k.startswith(low) or low.startswith(k))]


def hint(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?` where something resembles `name`, and what there is where the list is short."""
    known = list(known)
    near = nearest(name, known)
    parts = [f"did you mean {either(near)}?"] if near else []
    if known and (len(known) <= _LISTED or not near):
        parts.append(f"known: {', '.join(known[:_LISTED])}" + (", ..." if len(known) > _LISTED else ""))
    return " ".join(parts)


def either(names: list[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{name}`" for name in names]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def distance(a: str, b: str, limit: int) -> int:
    """Damerau-Levenshtein distance, unrestricted (a swapped pair may be edited further); `limit + 1` if above `limit`.

    Source: R. Lowrance and R. A. Wagner, "An Extension of the String-to-String Correction Problem", J. ACM 22 (1975),
    DOI 10.1145/321879.321880.
    """
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    far = len(a) + len(b)
    last_row: dict[str, int] = {}
    table = [[far] * (len(b) + 2), [far, *range(len(b) + 1)]]
    for i, char in enumerate(a, start=1):
        row, last_match = [far, i], 0
        for j, other in enumerate(b, start=1):
            k, m = last_row.get(other, 0), last_match
            swap = table[k][m] + (i - k - 1) + 1 + (j - m - 1)
            if char == other:
                last_match = j
            row.append(min(table[i][j] + (char != other), row[j] + 1, table[i][j + 1] + 1, swap))
        last_row[char] = i
        table.append(row)
    return int(min(table[-1][-1], limit + 1))
