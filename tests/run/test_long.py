"""Tables in long form."""

from __future__ import annotations

from pathlib import Path

from optcli.run import notes
from optcli.run.assemble import read


def test_one_run(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "epoch,metric,value\n" + "".join(f"{i},train_loss,{9 - i}\n{i},val_loss,{8 - i}\n" for i in range(6))
    )
    run = read(str(path))[0]
    assert (run.format, run.axis) == ("long-csv", "epoch")
    assert run.curves["train/loss"].value.tolist() == [9, 8, 7, 6, 5, 4]
    assert run.curves["val/loss"].step.tolist() == list(range(6))


def test_runs_one_below_the_other(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [f"{run};{i};{tag};0,{i + 1}\n" for run in "ab" for tag in ("train/loss", "val/loss") for i in range(5)]
    path.write_text("run;step;tag;value\n" + "".join(rows) + "a;x;train/loss;1\na;nan;train/loss;1\nhalf;a")
    a, b = read(str(path))
    assert (a.source, b.source) == (f"{path}#a", f"{path}#b")
    assert a.curves["val/loss"].value.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert b.seams == ()
    assert {note.code for run in (a, b) for note in run.notes} == {notes.DAMAGED, notes.UNFINISHED}


def test_a_split_column(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "step,split,name,value\n" + "".join(f"{i},{s},loss,{i}\n" for i in range(4) for s in ("train", "val"))
    )
    assert read(str(path))[0].curves.keys() == {"train/loss", "val/loss"}
