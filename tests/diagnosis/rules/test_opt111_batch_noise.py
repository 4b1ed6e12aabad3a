"""Noise of single batches, and of steps that are known to be of one or two samples."""

import numpy as np
import pytest

from optcli.diagnosis import engine

STEP = np.arange(600.0)
NOISE = np.random.default_rng(0).normal(size=600)
FALLS = 0.3 + 2.0 * np.exp(-STEP / 200)


@pytest.mark.parametrize(
    ("config", "noise", "severity"),
    [
        ({"data.batch_size": 1}, 0.3, "warning"),
        ({"data.batch_size": 2}, 0.3, "warning"),
        ({"data.batch_size": 1, "train.accumulate": 2}, 0.3, "warning"),
        ({"data.batch_size": 1, "train.accumulate": 8}, 0.3, None),
        ({"data.batch_size": 4}, 0.3, None),
        ({"data.batch_size": 1}, 0.1, None),  # it ends well all the same
        ({"data.batch_size": 1, "facts.per_device": 1}, 0.3, None),  # nobody knows how many devices and parts
        ({}, 0.3, None),
    ],
)
def test_steps_of_one_or_two_samples_are_told_though_the_loss_falls(make, config, noise, severity) -> None:
    run = make({"train/loss": FALLS + noise * NOISE}, config=config)
    found = engine.diagnose(run, select=["OPT111"])
    assert [f.severity for f in found.findings if f.healed_at is None] == ([severity] if severity else [])
    if severity:
        assert found.causes[0].name == "batch-too-small"


def test_without_knowing_the_batch_only_a_level_that_stands_still_is_told(make) -> None:
    still = 0.3 + 2.0 * np.exp(-STEP / 20) + 0.3 * NOISE
    (found,) = engine.diagnose(make({"train/loss": still}), select=["OPT111"]).findings
    assert found.severity == "info"
