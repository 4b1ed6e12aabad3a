"""From files to runs: restarts, repeated steps, gaps, directories, hostile trees."""

from __future__ import annotations

import io
import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from optcli.run import notes
from optcli.run.assemble import Unreadable, read
from optcli.run.curve import Run


def log(tmp_path: Path, rows: list[dict[str, float]], name: str = "log.jsonl") -> Run:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read(str(path))[0]


def codes(run: Run) -> list[str]:
    return [note.code for note in run.notes]


def test_a_restart_supersedes_what_came_after_its_step(tmp_path: Path) -> None:
    rows = [{"step": s, "loss": 1.0} for s in range(100)] + [{"step": s, "loss": 2.0} for s in range(60, 80)]
    run = log(tmp_path, rows)
    curve = run.curves["train/loss"]
    assert curve.step.tolist() == list(range(80))
    assert curve.value.tolist() == [1.0] * 60 + [2.0] * 20
    assert run.seams == (60.0,)
    assert codes(run) == [notes.SEAM, notes.OVERLAP]


def test_a_second_training_in_the_same_file_takes_the_place_of_the_first(tmp_path: Path) -> None:
    run = log(tmp_path, [{"epoch": e % 30, "loss": e / 10} for e in range(90)])
    assert run.curves["train/loss"].value.tolist() == [e / 10 for e in range(60, 90)]
    assert run.seams == ()
    assert set(codes(run)) == {notes.OVERLAP}


def test_a_validation_column_out_of_order_is_no_restart(tmp_path: Path) -> None:
    rows: list[dict[str, float]] = [{"step": s, "loss": 1.0} for s in range(10)]
    rows.insert(6, {"step": 4, "val_loss": 0.5})
    run = log(tmp_path, rows)
    assert len(run.curves["train/loss"]) == 10
    assert run.curves["val/loss"].step.tolist() == [4.0]
    assert run.seams == ()


def test_a_constant_step_column_gives_row_order_and_a_note(tmp_path: Path) -> None:
    run = log(tmp_path, [{"step": 0, "loss": 1 / (i + 1)} for i in range(20)])
    assert run.curves["train/loss"].step.tolist() == list(range(20))
    assert codes(run) == [notes.ROW_ORDER]


def test_a_counter_inside_the_epoch_is_counted_through(tmp_path: Path) -> None:
    run = log(tmp_path, [{"epoch": e, "iter": i, "loss": 1.0} for e in range(4) for i in range(5)])
    assert run.curves["train/loss"].step.tolist() == list(range(20))
    assert run.epoch_steps.tolist() == [0, 5, 10, 15]


def test_a_final_evaluation_is_no_point_of_the_curve(tmp_path: Path) -> None:
    rows = [{"step": s, "loss": 1.0} for s in range(5)] + [{"step": 4, "val_loss": 0.9}, {"step": 4, "val_loss": 0.1}]
    run = log(tmp_path, rows)
    assert run.curves["val/loss"].value.tolist() == [0.9]
    assert codes(run) == [notes.FINAL_EVALUATION]


def test_gaps_are_told(tmp_path: Path) -> None:
    run = log(tmp_path, [{"step": s, "loss": 1.0} for s in [*range(30), *range(500, 530)]])
    assert codes(run) == [notes.GAPS]


def test_missing_is_not_zero_and_nonfinite_is_data(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "loss": NaN}\n{"step": 2}\n{"step": 3, "loss": Infinity}\n{"step": 4, "loss": null}\n')
    curve = read(str(path))[0].curves["train/loss"]
    assert curve.step.tolist() == [1, 3]
    np.testing.assert_array_equal(curve.value, [np.nan, np.inf])


def test_the_user_names_roles(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,alpha,beta\n" + "".join(f"{i},{i},{-i}\n" for i in range(5)))
    run = read(str(path), mapping={"train/loss": "beta"})[0]
    assert run.roles == {"train/loss": "beta"}
    assert run.curves["train/loss"].value.tolist() == [0, -1, -2, -3, -4]
    assert run.curves["alpha"].name == "alpha"


def test_a_pattern_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("".join(f"<{i}> verlust {1 / (i + 1)}\n" for i in range(6)))
    run = read(str(path), pattern=r"<(?P<step>\d+)> verlust (?P<loss>\S+)")[0]
    assert run.curves["train/loss"].step.tolist() == list(range(6))
    with pytest.raises(Unreadable, match="no named group"):
        read(str(path), pattern=r"\d+")
    with pytest.raises(Unreadable, match="no regular expression"):
        read(str(path), pattern=r"(?P<loss>")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"".join(b'{"step": %d, "loss": 0.5}\n' % i for i in range(20_000))

    class Stdin:
        buffer = io.BytesIO(text)

    monkeypatch.setattr("sys.stdin", Stdin)
    run = read("-")[0]
    assert run.source == "-"
    assert len(run.curves["train/loss"]) == 20_000


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("metrics.json", '{"accuracy": 0.9, "loss": 0.3}', "a single final metrics dict, not a curve"),
        ("config.json", '{"model": "mlp", "layers": ["a", "b"]}', "a JSON document without curves"),
        ("empty.csv", "", "it is empty"),
        ("prose.txt", "Nothing here.\n" * 9, "not a log format that is known"),
        ("trainer_state.json", '{"log_history": [{"loss": 1.0,', "damaged JSON"),
        ("head.csv", "step,loss\n", "it holds no numbers over steps"),
    ],
)
def test_unreadable_says_why(tmp_path: Path, name: str, content: str, reason: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(Unreadable, match=reason) as error:
        read(str(path))
    assert error.value.path == str(path)


def test_a_missing_path(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such file"):
        read(str(tmp_path / "nothing"))


def test_a_directory_of_many_runs_is_sorted(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.csv").write_text("step,loss\n1,2\n2,1\n")
    (tmp_path / "notes.md").write_text("loss: 0.5 at epoch 3\n")
    (tmp_path / "summary.json").write_text('{"loss": 0.5, "step": 4, "_runtime": 3}')
    assert [run.source for run in read(str(tmp_path))] == [str(tmp_path / n / "metrics.csv") for n in "abc"]
    (tmp_path / "d").mkdir()
    with pytest.raises(Unreadable, match="no training log in it"):
        read(str(tmp_path / "d"))


def test_a_run_directory_is_one_run(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "x"
    (run / "tensorboard").mkdir(parents=True)
    (run / "tensorboard" / "copy.csv").write_text("step,loss\n1,2\n2,1\n")
    (run / "journal.jsonl").write_text(
        '{"event": "start", "version": 1, "planned": 9}\n{"step": 1, "train/loss": 2.0}\n'
    )
    assert [r.source for r in read(str(run))] == [str(run)]
    found = read(str(tmp_path))
    assert [(r.source, r.format, r.planned) for r in found] == [(str(run), "journal", 9)]


def test_hostile_trees(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("step,loss\n1,2\n2,1\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "loop").symlink_to(tree)
    (tree / "link.csv").symlink_to(outside / "secret.csv")
    (tree / "away").symlink_to(outside)
    os.mkfifo(tree / "events.out.tfevents.1")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tree)
        server.bind("events.out.tfevents.2")
    Path(os.fsdecode(os.fsencode(tree) + b"/\xff\xfe.csv")).write_text("step,loss\n1,2\n2,1\n")
    found = read(str(tree))
    assert [run.source for run in found] == [os.fsdecode(os.fsencode(tree) + b"/\xff\xfe.csv")]
    for name in ("events.out.tfevents.1", "events.out.tfevents.2"):
        with pytest.raises(Unreadable):
            read(str(tree / name))


def test_a_file_that_vanishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n1,2\n2,1\n")

    def gone(*_: object) -> None:
        path.unlink()
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr("optcli.run.source.Source.lines", gone)
    with pytest.raises(Unreadable, match="no such file"):
        read(str(path))


def test_a_directory_with_too_many_files_is_given_up_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optcli.run.find.MOST_SNIFFED", 3)
    for i in range(9):
        (tmp_path / f"{i}.csv").write_text("step,loss\n1,2\n2,1\n")
    found = read(str(tmp_path))
    assert len(found) == 3
    assert all("only the first 3 files" in run.notes[0].message for run in found)


def test_several_runs_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    head = (
        '"Step","red - loss","red - loss__MIN","red - loss__MAX","blue - loss","blue - loss__MIN","blue - loss__MAX"\n'
    )
    path.write_text(head + "".join(f'"{i}","{i}","{i}","{i}","{-i}","{-i}","{-i}"\n' for i in range(1, 5)))
    found = {run.source.rpartition("#")[2]: run.curves["train/loss"].value.tolist() for run in read(str(path))}
    assert found == {"red": [1, 2, 3, 4], "blue": [-1, -2, -3, -4]}


@pytest.mark.parametrize(("first", "last", "told"), [(50, 8, True), (8, 50, False)])
def test_a_longer_training_before_the_last_one_is_told(tmp_path: Path, first: int, last: int, told: bool) -> None:
    path = tmp_path / "log.csv"
    rows = "".join(f"{i},{1 / (i + 1):.4f}\n" for n in (first, last) for i in range(n))
    path.write_text("epoch,loss\n" + rows)
    run = read(str(path))[0]
    assert len(run.curves["train/loss"]) == last
    said = [note.message for note in run.notes if note.code == "RUN702" and "--training 1" in note.message]
    assert [f"has {last} points; an earlier one has {first}" in text for text in said] == [True] * told


def test_one_of_several_trainings_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = "".join(f"{i},{n},{'' if i % 2 else 10 * n}\n" for n in (1, 2, 3) for i in range(4 + n))
    path.write_text("epoch,loss,val_loss\n" + rows)
    for number in (1, 2, 3):
        run = read(str(path), training=number)[0]
        assert run.curves["train/loss"].value.tolist() == [number] * (4 + number)
        assert set(run.curves["val/loss"].value.tolist()) == {10 * number}
        assert [note.message for note in run.notes] == [f"training {number} of 3 in this log is judged"]
    assert len(read(str(path))[0].curves["train/loss"]) == 7
    with pytest.raises(Unreadable, match="it holds 3 trainings, there is no number 4"):
        read(str(path), training=4)
    path.write_text("epoch,loss\n1,2\n2,1\n")
    assert len(read(str(path), training=1)[0].curves["train/loss"]) == 2
    with pytest.raises(Unreadable, match="it holds one training, there is no number 2"):
        read(str(path), training=2)


def test_a_column_keeps_off_a_role_that_another_column_plays(tmp_path: Path) -> None:
    run = log(tmp_path, [{"step": i, "loss": 1.0} for i in range(50)] + [{"step": 50, "train/loss": 7.0}])
    assert run.roles == {"train/loss": "loss"}
    assert (len(run.curves["train/loss"]), len(run.curves["train/loss (column)"])) == (50, 1)
    (tmp_path / "b.csv").write_text("step,other,train/loss\n" + "".join(f"{i},5,1\n" for i in range(9)))
    run = read(str(tmp_path / "b.csv"), mapping={"train/loss": "other"})[0]
    assert run.curves["train/loss"].value.tolist() == [5.0] * 9


def test_evaluations_at_the_end_are_not_counted_as_steps(tmp_path: Path) -> None:
    rows: list[dict[str, float]] = [{"step": s, "loss": 1.0} for s in range(50)]
    run = log(tmp_path, rows + [{"step": 49, "val_loss": v} for v in (0.5, 0.4, 0.3)])
    assert run.curves["val/loss"].step.tolist() == [49]
    assert run.curves["val/loss"].value.tolist() == [0.5]
    assert codes(run) == [notes.FINAL_EVALUATION]


def test_points_without_a_step_are_left_out_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    path.write_text('{"loss": [[0, 5.0], [1, 4.0], ["nan", 9.0], ["inf", 9.0], [2, 3.0], [3, 2.0]]}')
    run = read(str(path))[0]
    assert run.curves["train/loss"].value.tolist() == [5, 4, 3, 2]
    assert run.seams == ()
    assert codes(run) == [notes.DAMAGED]


def test_many_restarts_are_told_in_few_lines(tmp_path: Path) -> None:
    rows = [{"step": 20 * turn - 4 * turn + i, "loss": 1.0} for turn in range(60) for i in range(20)]
    run = log(tmp_path, rows)
    assert len(run.seams) == 59
    assert len(run.notes) == 11
    assert "108 more" in run.notes[-1].message
