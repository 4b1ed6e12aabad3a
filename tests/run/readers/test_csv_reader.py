"""Delimited tables: odd headers, missing cells, torn and stray lines, dialects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optcli.run import notes
from optcli.run.assemble import Unreadable, read
from optcli.run.curve import Run


def table(tmp_path: Path, text: str, name: str = "log.csv") -> Run:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read(str(path))[0]


def rows(n: int = 6) -> str:
    return "".join(f"{i},{1 / (i + 1):.4f}\n" for i in range(n))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    run = table(tmp_path, ("epoch,loss\n" + rows()).replace("\n", end))
    assert run.curves["train/loss"].step.tolist() == list(range(6))


def test_byte_order_mark_comments_and_blanks(tmp_path: Path) -> None:
    run = table(tmp_path, "\ufeff# a comment\n\n step , loss \n 1 , 0.5 \n\n 2 , 0.25 \n")
    assert run.curves["train/loss"].value.tolist() == [0.5, 0.25]


@pytest.mark.parametrize("missing", ["", "NA"])
def test_missing_cells(tmp_path: Path, missing: str) -> None:
    text = "step,loss,val_loss\n" + "".join(f"{i},0.5,{i if i % 3 == 0 else missing}\n" for i in range(9))
    run = table(tmp_path, text)
    assert run.curves["val/loss"].step.tolist() == [0, 3, 6]


def test_nonfinite_spellings(tmp_path: Path) -> None:
    run = table(tmp_path, "step,loss\n1,nan\n2,inf\n3,-inf\n4,NaN\n5,1e400\n6,Infinity\n")
    np.testing.assert_array_equal(run.curves["train/loss"].value, [np.nan, np.inf, -np.inf, np.nan, np.inf, np.inf])


def test_a_torn_last_line_gives_no_value(tmp_path: Path) -> None:
    run = table(tmp_path, "step,loss,lr\n1,0.5,0.1\n2,0.4,0.1\n3,0.")
    assert run.curves["train/loss"].step.tolist() == [1, 2]
    assert [note.code for note in run.notes] == [notes.UNFINISHED]
    run = table(tmp_path, "step,loss,lr\n1,0.5,0.1\n2,0.4,0.1\n3,0.3,0.")
    assert run.curves["train/loss"].value.tolist() == [0.5, 0.4, 0.3]
    assert run.curves["lr"].value.tolist() == [0.1, 0.1]


def test_stray_lines_cost_only_themselves(tmp_path: Path) -> None:
    good = [f"{i},{i}.5\n" for i in range(2000)]
    good[700] = "a word or two\n"
    good[900] = "900,1,2,3\n"
    run = table(tmp_path, "step,loss\n" + "".join(good))
    steps = run.curves["train/loss"].step.tolist()
    assert steps == [i for i in range(2000) if i not in (700, 900)]
    first = len("step,loss\n") + sum(map(len, good[:700]))
    assert f"{first}-{first + 14}" in run.notes[0].message


def test_a_repeated_header_is_a_new_session(tmp_path: Path) -> None:
    run = table(tmp_path, "step,loss\n1,1\n2,1\n3,1\nstep,loss\n3,2\n4,2\n")
    assert run.curves["train/loss"].value.tolist() == [1, 1, 2, 2]
    assert run.seams == (3.0,)


def test_a_short_first_row(tmp_path: Path) -> None:
    run = table(tmp_path, "step,loss,extra\n0,9.5\n1,8.5,1\n2,7.5,2\n")
    assert run.curves["train/loss"].value.tolist() == [9.5, 8.5, 7.5]


def test_quotes_words_and_arrays(tmp_path: Path) -> None:
    run = table(tmp_path, 'epoch,loss,note\n0,0.5,"[1, 2]"\n1,0.4,"say ""x"""\n2,0.3,ok\n')
    assert run.curves["train/loss"].value.tolist() == [0.5, 0.4, 0.3]


def test_pandas_index(tmp_path: Path) -> None:
    run = table(tmp_path, ",loss,val_loss\n" + "".join(f"{i},0.5,0.6\n" for i in range(4)))
    assert run.format == "keras-csv"
    assert run.epoch_steps.tolist() == [0, 1, 2, 3]


def test_names_that_come_twice(tmp_path: Path) -> None:
    run = table(tmp_path, "step,loss,loss\n1,0.5,0.1\n2,0.4,0.1\n")
    assert run.curves["train/loss"].value.tolist() == [0.5, 0.4]
    assert "loss.1" in run.curves


def test_time_is_a_clock_only_when_it_runs_forward(tmp_path: Path) -> None:
    time = table(tmp_path, "epoch,time,loss\n1,9.5,1\n2,19.5,1\n3,30,1\n").curves["train/loss"].time
    assert time is not None
    assert time.tolist() == [9.5, 19.5, 30]
    run = table(tmp_path, "epoch,time,loss\n1,9.5,1\n2,8.5,1\n3,9,1\n")
    assert run.curves["train/loss"].time is None
    assert run.curves["step_time"].value.tolist() == [9.5, 8.5, 9]


def test_ultralytics_zeros_were_never_measured(tmp_path: Path) -> None:
    head = "epoch,train/box_loss,val/box_loss,metrics/mAP50(B)\n"
    body = "".join(f"{i},0.5,{0 if i < 9 else 0.7},{0 if i < 9 else 0.4}\n" for i in range(10))
    run = table(tmp_path, head + body, "results.csv")
    assert run.curves["val/loss"].step.tolist() == [9]
    assert run.notes[0].code == notes.NOT_MEASURED
    columns = "`metrics/mAP50(B)`, `val/box_loss`"
    assert run.notes[0].message == f"2 validation columns are 0 in all but the last row: {columns}"
    run = table(
        tmp_path, "epoch,train/box_loss,val/box_loss\n" + "".join(f"{i},0.5,0\n" for i in range(9)), "results.csv"
    )
    assert set(run.curves) == {"train/loss"}
    assert run.notes[0].message == "1 validation column is 0 in every row: `val/box_loss`"


def test_scores_may_be_measured_where_the_losses_are_not(tmp_path: Path) -> None:
    head = "epoch,train/box_loss,metrics/mAP_0.5,val/box_loss,val/cls_loss\n"
    run = table(tmp_path, head + "".join(f"{i},0.5,0.{i + 1},0,0\n" for i in range(5)), "results.csv")
    assert set(run.curves) == {"train/loss", "val/map"}
    assert run.notes[0].message == "2 validation columns are 0 in every row: `val/box_loss`, `val/cls_loss`"


def test_two_rows_that_were_measured_are_none_of_zeros(tmp_path: Path) -> None:
    run = table(tmp_path, "epoch,train/box_loss,val/box_loss\n1,0.5,0.6\n2,0.4,0.5\n", "results.csv")
    assert run.curves["val/loss"].step.tolist() == [1, 2]
    assert notes.NOT_MEASURED not in {note.code for note in run.notes}


def test_cells_may_be_tensors_as_they_print_themselves(tmp_path: Path) -> None:
    body = "".join(f"{i},\"tensor({3 - i}.5, device='cuda:0')\",{i}.25 (best)\n" for i in range(3))
    run = table(tmp_path, "epoch,loss,val_loss\n" + body)
    assert run.curves["train/loss"].value.tolist() == [3.5, 2.5, 1.5]
    assert run.curves["val/loss"].value.tolist() == [0.25, 1.25, 2.25]


def test_ultralytics_classification(tmp_path: Path) -> None:
    (tmp_path / "args.yaml").write_text("epochs: 30\nlr0: 0.01\n")
    head = "epoch,time,train/loss,metrics/accuracy_top1,metrics/accuracy_top5,val/loss,lr/pg0\n"
    run = table(tmp_path, head + "".join(f"{i},{9 * i},{1 / i},0.5,0.9,{2 / i},0.01\n" for i in range(1, 9)))
    assert (run.format, run.planned) == ("ultralytics-csv", 30)
    assert run.roles["val/accuracy"] == "metrics/accuracy_top1"
    assert "train/accuracy" not in run.roles


def test_ultralytics_plan(tmp_path: Path) -> None:
    (tmp_path / "args.yaml").write_text("epochs: 100\nlr0: 1e-2\nbatch: 16\noptimizer: SGD\n")
    run = table(tmp_path, "epoch,train/box_loss,val/box_loss\n1,0.5,0.6\n2,0.4,0.5\n", "results.csv")
    assert run.planned == 100
    assert run.config == {
        "optimizer.lr": 0.01, "optimizer.name": "SGD", "data.batch_size": 16, "train.epochs": 100,
    }  # fmt: skip


def test_a_table_larger_than_a_chunk(tmp_path: Path) -> None:
    n = 300_000
    run = table(tmp_path, "step,loss\n" + "".join(f"{i},{i % 97}.25\n" for i in range(n)))
    curve = run.curves["train/loss"]
    assert curve.step.tolist() == list(range(n))
    assert curve.value[-1] == (n - 1) % 97 + 0.25


def test_a_header_in_a_comment(tmp_path: Path) -> None:
    assert table(tmp_path, "# epoch,loss\n" + rows()).curves["train/loss"].step.tolist() == list(range(6))


def test_excel_and_drawn_tables(tmp_path: Path) -> None:
    assert len(table(tmp_path, "sep=;\r\nepoch;loss\r\n" + rows().replace(",", ";")).curves["train/loss"]) == 6
    rule = "+-------+------+\n"
    drawn = "".join(f"| {line.replace(',', ' | ')} |\n" for line in rows().splitlines())
    run = table(tmp_path, f"{rule}| epoch | loss |\n{rule}{drawn}{rule}")
    assert len(run.curves["train/loss"]) == 6
    assert run.notes == ()


def test_a_table_below_a_preamble(tmp_path: Path) -> None:
    head = "Loading the model | version 2\nTotal steps = 60\n"
    run = table(tmp_path, head + "Step\tTraining Loss\n" + rows().replace(",", "\t"), "out.txt")
    assert (run.format, len(run.curves["train/loss"])) == ("hf-notebook", 6)


def test_the_trainers_table_says_when_nothing_was_logged(tmp_path: Path) -> None:
    text = "Epoch\tTraining Loss\tValidation Loss\tAccuracy\n1\tNo log\t2.5\t0.5\n2\t1.5\t2.0\t0.6\n3\t1.1\t1.9\t0.7\n"
    run = table(tmp_path, text)
    assert run.curves["train/loss"].step.tolist() == [2, 3]
    assert run.curves["val/accuracy"].value.tolist() == [0.5, 0.6, 0.7]


def test_an_export_without_its_extremes(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text('"Step","lr - 0.1 - eval/loss","b - eval/loss"\n' + "".join(f'"{i}","{i}","2"\n' for i in range(9)))
    runs = {run.source: run for run in read(str(path))}
    assert runs.keys() == {f"{path}#b", f"{path}#lr - 0.1"}
    assert runs[f"{path}#lr - 0.1"].curves["val/loss"].value.tolist() == list(range(9))


def test_a_scalar_saved_from_tensorboard(tmp_path: Path) -> None:
    text = "Wall time,Step,Value\n" + "".join(f"{1.7e9 + i},{i},{9 - i}\n" for i in range(6))
    curve = table(tmp_path, text, "run-mine-tag-Loss_train.csv").curves["train/loss"]
    assert curve.value.tolist() == [9, 8, 7, 6, 5, 4]
    assert curve.time is not None


def test_fastai_measures_on_validation_data(tmp_path: Path) -> None:
    text = "epoch,train_loss,valid_loss,accuracy,time\n" + "".join(f"{i},1,2,0.{i},00:0{i}\n" for i in range(6))
    assert table(tmp_path, text).roles["val/accuracy"] == "accuracy"


@pytest.mark.parametrize("above", ["", "Total time: 06:39\n"])
def test_early_fastai_has_no_name_above_the_times(tmp_path: Path, above: str) -> None:
    rows = "".join(f"{i}      1.{9 - i}       1.5       0.2         (00:0{i})\n" for i in range(6))
    run = table(tmp_path, f"{above}epoch  train_loss  valid_loss  error_rate\n{rows}", "out.txt")
    assert run.curves["train/loss"].value.tolist() == [1.9, 1.8, 1.7, 1.6, 1.5, 1.4]
    assert run.roles["val/loss"] == "valid_loss"


def test_words_above_numbers_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("\r1%|# | 1/9 [00:01<00:10, loss=2]\r2%|# | 2/9 [00:01<00:10, loss=1]\r\n1,2,3\n4,5,6\n")
    assert read(str(path))[0].format == "console"


def test_words_and_dates_among_the_numbers_cost_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = "".join(f"2024-05-01 12:00:{i % 60:02},net{i},{i},{1 / (i + 1)!r},\n" for i in range(2000))
    log.write_text("date,model,step,loss,val_loss\n" + rows)
    run = read(str(log))[0]
    assert run.curves["train/loss"].step.tolist() == list(range(2000))
    assert run.curves["train/loss"].value.tolist() == [1 / (i + 1) for i in range(2000)]
    assert set(run.curves) == {"train/loss"}


def test_a_column_of_words_parts_training_from_validation(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = "".join(f'{i},"{"val" if i % 5 == 4 else "train"}",{i + 0.5}\n' for i in range(500))
    log.write_text("step,phase,loss\n" + rows)
    run = read(str(log))[0]
    assert run.curves["val/loss"].value.tolist() == [i + 0.5 for i in range(500) if i % 5 == 4]
    assert run.curves["train/loss"].value.tolist() == [i + 0.5 for i in range(500) if i % 5 != 4]


def test_comments_with_all_their_cells_are_no_rows(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,loss\n" + "".join(f"{i},1.5\n" for i in range(9)) + "#9,9.5\n%10,9.5\n//11,9.5\n12,2.5\n")
    assert read(str(log))[0].curves["train/loss"].value.tolist() == [1.5] * 9 + [2.5]


def test_a_damaged_cell_costs_itself_and_a_damaged_step_its_row(tmp_path: Path) -> None:
    rows = [f"{i},{i}.5,0.1,12:00:{i:02}" for i in range(60)]
    rows[30] = "3\x7f0,30.5,0.1,12:00:30"
    rows[40] = "40,4x.5,0.1,12:00:40"
    rows[50] = "\0" * 7 + rows[50]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["step,loss,lr,at", *rows]) + "\n")
    run = read(str(path))[0]
    assert run.curves["train/loss"].step.tolist() == [i for i in range(60) if i not in (30, 40)]
    assert run.curves["lr"].step.tolist() == [i for i in range(60) if i != 30]
    assert "3 damaged stretches" in run.notes[0].message
    assert f"{path.read_bytes().index(bytes(7))}-" in run.notes[0].message


def test_a_short_row_counts_only_below_the_header(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss,lr\n1,2.0\n2,1.5,x\n3,1.0\n4,0.5,0.1\n")
    run = read(str(path))[0]
    assert run.curves["train/loss"].step.tolist() == [1, 2, 4]


def test_what_an_undamaged_row_says_counts_more(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss,val_loss\n1,2.0,\n2,1.5,\n,9.0,\n,,1.0\n3,1.0,\n")
    run = read(str(path))[0]
    assert run.curves["train/loss"].value.tolist() == [2.0, 1.5, 1.0]
    assert run.curves["val/loss"].step.tolist() == [2]


@pytest.mark.parametrize("row", ["{i}\t{x}\t\t_\t{x}\n", "{i}\t{x}\t_\t{x}\t\r\n"])
def test_a_delimiter_too_many_in_every_row(tmp_path: Path, row: str) -> None:
    """As old Flair writes its `loss.tsv`; or one at the end of each line."""
    body = "".join(row.format(i=i, x=1 / i) for i in range(1, 12))
    run = table(tmp_path, "EPOCH\tTRAIN_LOSS\tTRAIN_F1\tDEV_LOSS\n" + body, "loss.tsv")
    assert run.roles == {"train/loss": "TRAIN_LOSS", "val/loss": "DEV_LOSS"}
    for role in run.roles:
        assert run.curves[role].value.tolist() == [1 / i for i in range(1, 12)]
        assert run.curves[role].step.tolist() == list(range(1, 12))
    assert not run.notes


def test_an_empty_cell_is_no_delimiter_too_many(tmp_path: Path) -> None:
    run = table(tmp_path, "epoch,loss,val_loss\n1,3,\n2,2,\n3,1,4\n")
    assert run.curves["val/loss"].step.tolist() == [3]


def test_a_list_of_runs_is_no_curve(tmp_path: Path) -> None:
    rows = "".join(f"run-{i},finished,2024-01-0{i},45,{i / 9:.3f},{i / 3:.3f}\n" for i in range(1, 9))
    with pytest.raises(Unreadable, match="a table of runs"):
        table(tmp_path, "Name,State,Created,Runtime,test_acc,test_loss\n" + rows)


def test_a_header_above_every_row_begins_no_sessions(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("".join(f"step,loss\n{i},{1 / (i + 1)}\n" for i in range(5000)))
    run = read(str(path))[0]
    assert run.curves["train/loss"].step.tolist() == list(range(5000))
    assert (run.seams, run.notes) == ((), ())


def wide(tmp_path: Path, head: str, first: str = "4,4.5,9", name: str = "losses.csv") -> list[Run]:
    path = tmp_path / name
    lines = [head, f"0,{first}", *(f"{i},{4 / i},{4.5 / i},{9 / i}" for i in range(1, 9))]
    path.write_text("\n".join(lines) + "\n")
    return read(str(path))


@pytest.mark.parametrize(
    ("name", "role"), [("losses.csv", "train/loss"), ("val_loss.csv", "val/loss"), ("acc.csv", "train/accuracy")]
)
def test_a_column_for_each_run(tmp_path: Path, name: str, role: str) -> None:
    found = wide(tmp_path, "epoch,small,wide0.5,wide2", name=name)
    columns = ["small", "wide0.5", "wide2"]
    assert [run.source.partition("#")[2] for run in found] == columns
    assert [dict(run.roles) for run in found] == [{role: column} for column in columns]
    assert all(run.axis == "epoch" and run.format == "wide-csv" for run in found)
    assert [len(run.curves[role]) for run in found] == [9, 9, 9]


@pytest.mark.parametrize(
    ("head", "first", "name"),
    [
        ("epoch,small,wide0.5,wide2", "4,4.5,9", "table.csv"),
        ("at,small,wide0.5,wide2", "4,4.5,9", "losses.csv"),
        ("epoch,recon,kl,beta", "4,4.5,9", "losses.csv"),
        ("epoch,train,val,test", "4,4.5,9", "losses.csv"),
        ("epoch,small,wide0.5,wide2", "4,4.5,90", "losses.csv"),
        ("epoch,small,wide0.5,wide2", "4,-4.5,9", "losses.csv"),
        ("epoch,small,wide0.5,seconds", "4,,9", "losses.csv"),
    ],
)
def test_columns_that_may_be_of_one_run_are(tmp_path: Path, head: str, first: str, name: str) -> None:
    assert len(wide(tmp_path, head, first, name)) == 1


def test_one_of_the_columns_may_be_named(tmp_path: Path) -> None:
    wide(tmp_path, "epoch,small,wide0.5,wide2")
    found = read(str(tmp_path / "losses.csv"), mapping={"train/loss": "small"})
    assert [dict(run.roles) for run in found if run.roles] == [{"train/loss": "small"}]


@pytest.mark.parametrize("lead", ["|", ""])
@pytest.mark.parametrize(("end", "told"), [("|", False), ("| ", False), ("|\n+---+---", False), ("", True)])
def test_a_last_row_is_whole_behind_its_closing_bar(tmp_path: Path, lead: str, end: str, told: bool) -> None:
    path = tmp_path / "table.md"
    rows = "".join(f"\n{lead} {i} | {2 / (1 + i):.3f} |" for i in range(6))
    path.write_text(f"{lead} epoch | loss |\n{lead}-------|------|{rows.removesuffix('|')}{end}")
    run = read(str(path))[0]
    assert len(run.curves["train/loss"]) == 6 - told
    assert bool(run.notes) == told
