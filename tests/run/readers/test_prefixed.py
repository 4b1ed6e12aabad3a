"""Tables among other lines."""

from __future__ import annotations

from pathlib import Path

from optcli.run.assemble import read
from optcli.run.readers import prefixed


def test_a_table_behind_a_loggers_mark(tmp_path: Path) -> None:
    mark = "2024-08-19 13:28:48,101 INFO [tool/MainProcess] model._log_history : "
    cells = ["Step\tTrain loss\tValid loss\t", "20\tnan\t1.5", "33\t1.75\tnan", "40\tnan\t1.25", "66\t1.0\tnan"]
    path = tmp_path / "log.txt"
    path.write_text("".join(f"{mark}{one}\n" for one in cells) + f"{mark}Done, all is well.\n")
    (run,) = read(str(path))
    assert run.format == "prefixed-table"
    assert (run.curves["train/loss"].step.tolist(), run.curves["train/loss"].value.tolist()) == ([33, 66], [1.75, 1.0])
    assert (run.curves["val/loss"].step.tolist(), run.curves["val/loss"].value.tolist()) == ([20, 40], [1.5, 1.25])


def test_names_again_above_each_row(tmp_path: Path) -> None:
    lines = [
        f"Epoch: {i} | Epoch Time: 0m 57s\n*****train_loss,train_acc,valid_loss,valid_acc*****\n{x}\t2.5\t{x + 1}\t3.5"
        for i, x in enumerate([5.0, 4.0, 3.0], 1)
    ]
    path = tmp_path / "log.txt"
    path.write_text("\n".join(lines) + "\n")
    (run,) = read(str(path))
    assert run.curves["train/loss"].value.tolist() == [5, 4, 3]
    assert run.curves["val/loss"].value.tolist() == [6, 5, 4]


def test_nan_in_all_losses_is_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(
        "INFO x: step\tloss\tval_loss\n"
        + "".join(f"INFO x: {i}\t{v}\t{v}\n" for i, v in enumerate(("1.0", "0.5", "nan")))
    )
    (run,) = read(str(path))
    assert str(run.curves["train/loss"].value.tolist()) == "[1.0, 0.5, nan]"


def test_a_list_of_words_with_commas_is_no_table() -> None:
    assert prefixed.sniff(b"We look at loss, accuracy and time.\n1, 2 and 3 are numbers.\n4, 5\n" * 3, "x") == 0.0
