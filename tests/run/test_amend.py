"""Columns that don't mean what they seem to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optcli.run.assemble import read


@pytest.mark.parametrize("trainings", [1, 2])
def test_the_first_loss_of_spacys_table_is_of_a_single_step(tmp_path: Path, trainings: int) -> None:
    rows = "".join(f"{i // 3:3}  {20 * i:6}  {3 - i / 9 if i else 0.15:12.2f}  {i / 9:5.2f}\n" for i in range(9))
    table = f"E    #       LOSS TEXTCAT  SCORE\n---  ------  ------------  -----\n{rows}"
    path = tmp_path / "train.log"
    path.write_text(table * trainings)
    (run,) = read(str(path))
    assert run.roles["train/loss"] == "LOSS TEXTCAT"
    assert run.curves["train/loss"].step.tolist() == [20 * i for i in range(1, 9)]
    assert run.curves["train/loss"].value.max() == 2.89
    assert len(run.curves["SCORE"]) == 9


@pytest.mark.parametrize("name", ["time", "elapsed", "wall_time", "epoch_elapsed_time_s"])
def test_what_only_ever_grows_is_a_clock(tmp_path: Path, name: str) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"loss": [2.5, 1.5, 1.2, 1.1, 1.0], name: [0.5, 1.25, 1.75, 2.5, 3.0]}))
    (run,) = read(str(path))
    assert run.roles == {"train/loss": "loss"}
    assert (time := run.curves["train/loss"].time) is not None
    assert time.tolist() == [0.5, 1.25, 1.75, 2.5, 3.0]
    (run,) = read(str(path), mapping={"step_time": name})
    assert run.roles["step_time"] == name


@pytest.mark.parametrize("values", [[0.5, 0.7, 0.6, 0.7, 0.8], [0.5, 0.5, 0.5, 0.6, 0.7], [0.5, 0.6, 0.7]])
def test_other_times_are_those_of_a_step(tmp_path: Path, values: list[float]) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"loss": [2.5, 1.5, 1.2, 1.1, 1.0][: len(values)], "time": values}))
    (run,) = read(str(path))
    assert run.roles["step_time"] == "time"
    assert run.curves["train/loss"].time is None
