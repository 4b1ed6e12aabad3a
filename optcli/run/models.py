"""Several models in one document: `cls_loss`, `cls_val_loss`, `reg_loss`, `reg_val_loss`; or several folds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from optcli.run.roles import EPOCH_NAMES, STEP_NAMES, meaning, split_in

Lists = TypeVar("Lists")
_PLACE: Final = re.compile(r"(?:epoch|step|iter|iteration|round|batch)?[ _-]?\d*", re.I)
"""Names of pieces of one run, rather than of runs."""


def several(lists: Mapping[str, Lists]) -> dict[str, dict[str, Lists]]:
    """Model -> its columns by the rest of their names; nothing where all are of one model.

    A name's beginning is a model's where it stands before every column, has a plain training loss, and, if only an
    underscore parts it from the rest, a validation loss as well: parts of one loss (`box_loss`, `cls_loss`) have none.
    """
    for mark, needed in (("/", ("train/loss",)), ("_", ("train/loss", "val/loss"))):
        found: dict[str, dict[str, Lists]] = {}
        for name, values in lists.items():
            model, parted, rest = name.partition(mark)
            found.setdefault(model if parted else "", {})[rest] = values
        models = [model for model in found if not _PLACE.fullmatch(model) and split_in(model) is None]
        if len(found) > 1 and len(models) == len(found) and all(_whole(found[m], needed) for m in models):
            return found
    return {}


def _whole(names: Iterable[str], needed: Iterable[str]) -> bool:
    """Whether these are the names of a run of its own."""
    said = [meaning(name) for name in names if name.lower() not in (*STEP_NAMES, *EPOCH_NAMES)]
    plain = {one.role for one in said if one is not None and not one.rank}
    return plain.issuperset(needed)
