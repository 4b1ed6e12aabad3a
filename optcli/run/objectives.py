"""What gradient boosting calls the losses that bear the name of a distribution, a scientist or a task.

LightGBM's, XGBoost's and CatBoost's lists of metrics, those that are minimized and whose names don't say so.
"""

from __future__ import annotations

import re
from typing import Final

_NAMED: Final = frozenset((
    "quantile", "huber", "fair", "poisson", "gamma", "tweedie", "kullbackleibler", "kldiv", "poissonnloglik",
    "gammanloglik", "coxnloglik", "tweedienloglik", "aftnloglik", "multiclass", "multiclassonevsall",
    "multilogloss", "multicrossentropy", "loglinquantile", "multiquantile", "lq", "expectile", "logcosh",
    "medianabsoluteerror", "multirmse", "multirmsewithmissingvalues", "rmsewithuncertainty", "pairlogit",
    "pairlogitpairwise", "queryrmse", "querysoftmax", "querycrossentropy", "survivalaft", "cox", "numerrors",
    "brierscore",
))  # fmt: skip
_PARAMETERS: Final = re.compile(r"[:@].*")
"""`Quantile:alpha=0.5`, `tweedie-nloglik@1.5`."""


def objective(name: str) -> bool:
    """Whether the quantity of a name such as `learn/MultiClass` is one of these losses."""
    data, _, quantity = name.rpartition("/")
    return bool(data) and re.sub(r"[^a-z]", "", _PARAMETERS.sub("", quantity.lower())) in _NAMED
