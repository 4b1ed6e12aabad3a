"""Curves in the cells of a table."""

import pytest

from optcli.run.assemble import read
from optcli.run.block import Unreadable

LOSSES = "[0.9, 0.7, 0.5, 0.4, 0.35, 0.3]"


def test_one_row_is_one_run(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f'epochs,train_loss,val_loss\n6,"{LOSSES}","[0.8, None, 0.6, nan, 0.5, 0.45]"\n')
    [run] = read(str(path))
    assert run.format == "csv-lists"
    assert run.curve("train/loss").value.tolist() == [0.9, 0.7, 0.5, 0.4, 0.35, 0.3]
    assert run.curve("val/loss").value[[0, 2, 5]].tolist() == [0.8, 0.6, 0.45]


def test_each_row_is_a_run_with_the_name_that_its_other_cells_make(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f'Model,lr,Loss\nBOW,0.1,"{LOSSES}"\nBOW_LN,0.1,"[0.8, 0.6, 0.4, 0.3]"\n')
    runs = list(read(str(path)))
    assert [len(run.curve("train/loss")) for run in runs] == [6, 4]
    assert ["BOW, 0.1" in runs[0].source, "BOW_LN, 0.1" in runs[1].source] == [True, True]


def test_a_list_that_breaks_off_is_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f'loss,accuracy\n"{LOSSES}","[0.1, 0.2, 0.3, 0.')
    [run] = read(str(path))
    assert any("`accuracy` of row 1 is no list" in note.message for note in run.notes)


@pytest.mark.parametrize("text", ['name,size\na,"[1, 2, 3, 4]"\n', 'loss\n"[a, b, c]"\n'])
def test_lists_of_something_else_are_no_curves(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(Unreadable):
        list(read(str(path)))
