"""Deeplearning4j."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from optcli.run.assemble import read


def test_the_score_is_the_loss(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    scores = [2.31, 2.23, 2.15, 1.99, float("nan")]
    lines = (
        f"09:53:36.{i} [main] INFO org.deeplearning4j.optimize.listeners.ScoreIterationListener -- Score at iteration"
        f" {10 * i} is {x}\n"
        for i, x in enumerate(scores)
    )
    path.write_text("Training ...\n" + "".join(lines) + "Score of the test set: 0.9\n")
    run = read(str(path))[0]
    assert (run.format, run.roles) == ("dl4j-console", {"train/loss": "Score"})
    np.testing.assert_array_equal(run.curves["train/loss"].value, scores)
    assert run.curves["train/loss"].step.tolist() == [0, 10, 20, 30, 40]
