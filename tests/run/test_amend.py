"""Columns that don't mean what they seem to."""

from __future__ import annotations

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
