"""Clipping: how often it acted is read from the run's own count where there is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optcli.diagnosis.diagnosis import Finding
from optcli.diagnosis.engine import diagnose
from optcli.run.curve import Curve, Run

NOISE = np.random.default_rng(0).normal(size=400)
STEP = np.arange(1, 401)
LIMIT = {"regularizers.clip_norm.max_norm": 0.05}


def findings(clipped: Any = None, config: dict[str, float] | None = None) -> list[Finding]:
    """Of a run whose gradients are sixty times the limit, with the count of clipped steps at every 20th step."""
    curves = {
        "train/loss": Curve("train/loss", STEP, 0.3 + 2.0 * np.exp(-STEP / 80) + 0.02 * NOISE),
        "grad_norm": Curve("grad_norm", STEP, 3.0 + 0.3 * NOISE),
    }
    if clipped is not None:
        counted = np.full(20, float(clipped)) if np.isscalar(clipped) else np.asarray(clipped, float)
        curves["clip_norm/clipped_steps"] = Curve("clip_norm/clipped_steps", np.arange(20, 401, 20), counted)
    run = Run("x", "none", curves, planned=400, end="finished", config=LIMIT if config is None else config)
    return [f for f in diagnose(run).findings if f.code == "OPT110" and f.healed_at is None]


def test_without_a_count_the_norms_tell() -> None:
    [found] = findings()
    assert found.evidence["clipped"].value == 1.0


def test_the_count_is_believed() -> None:
    [found] = findings(0.97)
    assert abs(found.evidence["clipped"].value - 0.97) < 1e-9
    assert findings(0.4) == []
    assert findings(0.0) == []


def test_only_the_recent_count_matters() -> None:
    assert findings([1.0] * 8 + [0.1] * 12) == []


def test_without_a_limit_nothing_is_said() -> None:
    assert findings(1.0, {}) == []


@pytest.mark.parametrize(
    ("norms", "end", "said"),
    [
        (np.full(16, 3.0), "finished", True),
        (np.full(16, 3.0), "running", False),
        (np.full(7, 3.0), "finished", False),
        (np.r_[np.full(15, 3.0), 0.2], "finished", False),  # ten times the limit is what all must reach
    ],
)
def test_of_few_norms_all_must_be_far_above_the_limit(norms: Any, end: Any, said: bool) -> None:
    step = np.arange(1.0, len(norms) + 1)
    curves = {"train/loss": Curve("train/loss", step, 2.0 / step), "grad_norm": Curve("grad_norm", step, norms)}
    found = diagnose(Run("x", "none", curves, end=end, config=LIMIT), select=["OPT110"]).findings
    assert bool(found) is said
