"""Runs made from arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optcli.run.curve import Curve, Run, read_only


@pytest.fixture
def make() -> Callable[..., Run]:
    """`make({"train/loss": values, (steps, values) or (steps, values, seconds)}, end=..., planned=...)`."""

    def made(curves: dict[str, Any], **rest: Any) -> Run:
        found = {}
        for role, values in curves.items():
            step, value, *time = values if isinstance(values, tuple) else (np.arange(len(values)), values)
            found[role] = Curve(role, read_only(step), read_only(value), *map(read_only, time))
        rest["epoch_steps"] = read_only(rest.pop("epochs", []))
        return Run("made up", "none", found, **{"end": "finished", **rest})

    return made


@pytest.fixture
def fall() -> Any:
    """A healthy training loss, shape (400,)."""
    return 0.2 + 2.1 * np.exp(-np.arange(400) / 60) + 0.02 * np.random.default_rng(0).normal(size=400)
