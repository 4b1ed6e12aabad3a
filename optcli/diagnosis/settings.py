"""Reading what is known of a run's configuration, whichever way it was flattened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def setting(config: Mapping[str, Any], path: str) -> Any:
    """The value at a recipe path (`optimizer.lr`, `regularizers.dropout.rate`), or None.

    `config` may hold whole paths as keys, nested mappings, and lists of parts, which are addressed by their names.
    """
    if not config:  # asked by many rules at every rung, and most logs have no settings
        return None
    if path in config:
        return config[path]
    head, _, rest = path.partition(".")
    while rest:
        inner = config.get(head)
        if isinstance(inner, Mapping):
            return setting(inner, rest)
        if isinstance(inner, list | tuple):
            return _in_list(inner, rest)
        step, _, rest = rest.partition(".")
        head = f"{head}.{step}"
    return None


def number(config: Mapping[str, Any], path: str) -> float | None:
    """The number at a recipe path, or None."""
    value = setting(config, path)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _in_list(parts: list[Any] | tuple[Any, ...], path: str) -> Any:
    """An option of the part that is named first in `path`; the part itself where the path ends with its name."""
    name, _, option = path.partition(".")
    for part in parts:
        if part == name and not option:
            return part
        if isinstance(part, Mapping) and part.get("name") == name:
            return setting(part, option) if option else part
    return None


def constant_guess(config: Mapping[str, Any]) -> float | None:
    """The loss of the best constant guess, ln(classes) or the target's variance; None where that isn't known, as of a
    loss of one's own."""
    task, outputs = setting(config, "facts.task"), number(config, "facts.outputs")
    if setting(config, "loss.name") not in (None, "cross_entropy", "bce", "mse"):
        return None
    if task in ("classification", "language") and outputs is not None and outputs > 1:
        rest = (1 - 1 / outputs) * math.log(outputs - 1) if setting(config, "loss.name") == "bce" else 0.0
        return math.log(outputs) - rest  # binary cross-entropy asks of each class against all others
    return number(config, "facts.target_variance") if task == "regression" else None
