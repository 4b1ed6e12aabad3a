"""The validation's score: what rises as the model gets better, beside or instead of a validation loss."""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.view import View
from optcli.run.prepare import Series
from optcli.run.roles import listed

RISING: Final = frozenset(
    listed("accuracy f1 auc auroc map miou iou dice bleu rouge recall precision r2 psnr ssim mrr ndcg mcc kappa ap")
)
"""First words of roles that say that more is better."""


def upside_down(view: View) -> Series | None:
    """The score of the validation with its sign changed, so that it falls as a loss does; None where there is none."""
    roles = sorted((role for role in view.roles if _scores(role)), key=lambda role: role != "val/accuracy")
    found = view.series(roles[0]) if roles else None
    return Series(found.name, found.step, -found.value) if found is not None else None


def _scores(role: str) -> bool:
    split, _, name = role.partition("/")
    word = name.partition("_")[0]
    return split == "val" and (word in RISING or word.rstrip("0123456789@") in RISING)  # `map50`, `recall@10`
