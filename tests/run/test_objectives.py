"""The losses of gradient boosting."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.objectives import objective


@pytest.mark.parametrize(
    "name",
    ["training/quantile", "train/tweedie-nloglik@1.5", "learn/Quantile:alpha=0.5", "test/MultiClass", "eval/PairLogit"],
)
def test_losses(name: str) -> None:
    assert objective(name)


@pytest.mark.parametrize("name", ["quantile", "learn/YetiRank", "train/gamma_norm", "learn/AUC:type=Mu", "test/", ""])
def test_other_quantities(name: str) -> None:
    assert not objective(name)


def test_the_loss_of_several_classes_in_a_folder_of_catboost(tmp_path: Path) -> None:
    folder = tmp_path / "catboost_info"
    folder.mkdir()
    for part in ("learn", "test"):
        rows = [f"{i}\t{1 / (i + 1)}\t{i / 9}" for i in range(9)]
        (folder / f"{part}_error.tsv").write_text("\n".join(["iter\tMultiClass\tTotalF1", *rows, ""]))
    roles = read(str(folder))[0].roles
    assert roles == {"train/loss": "learn/MultiClass", "val/loss": "test/MultiClass"}


def test_a_loss_that_is_called_one_goes_before(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,train/gamma,train/loss\n" + "".join(f"{i},2,{1 / (i + 1)}\n" for i in range(9)))
    assert read(str(path))[0].roles["train/loss"] == "train/loss"
