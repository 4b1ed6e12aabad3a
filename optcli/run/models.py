"""Several models in one log: `cls_loss`, `cls_val_loss`, `reg_loss`, `reg_val_loss`; or several folds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from optcli.run.roles import (
    ACCURACY,
    EPOCH_NAMES,
    FALLBACK,
    LOSS,
    METRICS,
    SPLITS,
    STEP_NAMES,
    listed,
    meaning,
    split_in,
    words,
)

Lists = TypeVar("Lists")
QUANTITIES: Final = frozenset((*LOSS, *ACCURACY, *METRICS, *FALLBACK))
PARTS: Final = frozenset(
    listed(
        "total sum recon reconstruction rec kl kld box obj cls dfl ce bce mask giou commit commitment perceptual adv"
        " adversarial gan aux reg regularization pde bc ic ode data physics boundary initial residual policy value"
        " entropy actor critic content style tv contrastive g d gen disc generator discriminator"
    )
)
"""Words of what a loss is the sum of, and of that sum."""
BOTH: Final = ("train/loss", "val/loss")
_PLACE: Final = re.compile(r"(?:epoch|step|iter|iteration|round|batch)?[ _-]?\d*", re.I)
"""Names of pieces of one run, rather than of runs."""


def several(lists: Mapping[str, Lists]) -> dict[str, dict[str, Lists]]:
    """Model -> its columns by the rest of their names; nothing where all are of one model.

    A name's beginning is a model's where it stands before every column, has a plain training loss, and, if only an
    underscore parts it from the rest, a validation loss as well: parts of one loss (`box_loss`, `cls_loss`) have none.
    A bare `train` is a loss there, unless what stands before it says otherwise (`f1/train`).
    """
    for mark, place, needed in (("/", 1, ("train/loss",)), ("/", 2, ("train/loss",)), ("_", 1, BOTH)):
        found: dict[str, dict[str, Lists]] = {}
        for name, values in lists.items():
            parts = name.split(mark)
            model, rest = mark.join(parts[:place]), mark.join(parts[place:])
            found.setdefault(model if rest else "", {})[rest] = values
        models = [model for model in found if not _PLACE.fullmatch(model) and split_in(model) is None]
        if len(found) > 1 and len(models) == len(found) and all(_whole(found[m], m, needed) for m in models):
            return found
    return {}


def speaks(name: str) -> bool:
    """Whether a name says of which quantity, or of which part of a loss, something is."""
    return not (QUANTITIES | PARTS).isdisjoint(words(name))


def _whole(names: Iterable[str], model: str, needed: Iterable[str]) -> bool:
    """Whether these are the names of a run of its own."""
    said = {name: meaning(name) for name in names if name.lower() not in (*STEP_NAMES, *EPOCH_NAMES)}
    bare = () if speaks(model) else SPLITS
    plain = {one.role for name, one in said.items() if one is not None and (not one.rank or name in bare)}
    return plain.issuperset(needed)
