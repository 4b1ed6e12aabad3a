"""Stores of trackers: W&B's own file, MLflow, DVCLive."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from optcli.run import notes
from optcli.run.assemble import Unreadable, read

SCRIPTS = Path(__file__).parents[3] / "scripts"


def script(name: str) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


logs = script("sample_logs")
LONG = logs.training(60, 20)


class TestWandb:
    def test_records_over_many_pages(self, tmp_path: Path) -> None:
        run = read(str(logs.wandb(tmp_path, LONG)))[0]
        assert run.curves["train/loss"].value.tolist() == LONG.loss

    def test_damage_costs_a_record(self, tmp_path: Path) -> None:
        path = logs.wandb(tmp_path, LONG)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        run = read(str(path))[0]
        assert LONG.steps[-1] - len(run.curves["train/loss"]) <= 1
        assert run.notes[0].code == notes.DAMAGED

    @pytest.mark.parametrize("instead", [b"", b"\x07" * 40, bytes(9), b"\xff" * 3000])
    def test_records_are_found_behind_damage_of_any_length(self, tmp_path: Path, instead: bytes) -> None:
        path = logs.wandb(tmp_path, LONG)
        data = path.read_bytes()
        path.write_bytes(data[:50_000] + instead + data[50_020:])
        run = read(str(path))[0]
        assert LONG.steps[-1] - len(run.curves["train/loss"]) <= 2
        assert run.notes[0].code == notes.DAMAGED
        assert "1 damaged stretch (" in run.notes[0].message

    def test_a_live_file(self, tmp_path: Path) -> None:
        path = logs.wandb(tmp_path, LONG)
        path.write_bytes(path.read_bytes()[:-50])
        assert [note.code for note in read(str(path))[0].notes] == [notes.UNFINISHED]

    def test_what_else_lies_in_the_folder_is_the_same_run(self, tmp_path: Path) -> None:
        path = logs.wandb(tmp_path, LONG)
        (path.parent / "files").mkdir()
        (path.parent / "files" / "output.log").write_text("".join(f"step {i} loss 0.5\n" for i in range(9)))
        assert [run.source for run in read(str(tmp_path))] == [str(path.parent)]


class TestMlflow:
    def test_a_last_line_without_its_end_waits(self, tmp_path: Path) -> None:
        path = tmp_path / "mlruns" / "0" / "a" / "metrics" / "loss"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"1691410007401 2 1\n" + bytes(5) + b"1691410007402 1 2\n1691410007403 1")
        run = read(str(tmp_path))[0]
        assert run.curves["train/loss"].step.tolist() == [1, 2]
        assert [note.code for note in run.notes] == [notes.UNFINISHED, notes.DAMAGED]

    def test_a_step_that_nobody_passed(self, tmp_path: Path) -> None:
        folder = tmp_path / "mlruns" / "0" / "a" / "metrics"
        folder.mkdir(parents=True)
        (folder / "loss").write_text("".join(f"169141000740{i} {i}.5 0\n" for i in range(5)))
        run = read(str(tmp_path))[0]
        assert run.curves["train/loss"].step.tolist() == [0, 1, 2, 3, 4]
        assert run.notes[0].code == notes.ROW_ORDER

    def test_a_resume_turns_back_in_all_metrics(self, tmp_path: Path) -> None:
        folder = tmp_path / "mlruns" / "0" / "a" / "metrics"
        folder.mkdir(parents=True)
        steps = [*range(10), *range(6, 12)]
        times = [1_691_410_000_000 + 1000 * i for i in range(len(steps))]
        (folder / "loss").write_text("".join(f"{t} 1.0 {s}\n" for t, s in zip(times, steps, strict=True)))
        (folder / "val_loss").write_text(f"{times[9]} 9.0 9\n{times[14]} 2.0 10\n")
        run = read(str(tmp_path))[0]
        assert run.curves["train/loss"].step.tolist() == list(range(12))
        assert run.curves["val/loss"].value.tolist() == [2.0]

    def test_runs_of_a_database(self, tmp_path: Path) -> None:
        path = tmp_path / "store.db"
        with sqlite3.connect(path) as db:
            db.execute(
                "create table metrics (key text, value double, timestamp int, run_uuid text, step int, is_nan int)"
            )
            for run in ("a", "b"):
                db.executemany(
                    "insert into metrics values ('loss', ?, ?, ?, ?, ?)",
                    [(0.0 if i == 3 else i, 1000 * i, run, i, i == 3) for i in range(5)],
                )
        db.close()
        runs = read(str(path))
        assert [run.source.partition("#")[2] for run in runs] == ["a", "b"]
        np.testing.assert_array_equal(runs[0].curves["train/loss"].value, [0, 1, 2, np.nan, 4])

    def test_another_database(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as db:
            db.execute("create table things (a int)")
        db.close()
        with pytest.raises(Unreadable, match="not a whole MLflow database"):
            read(str(path))
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(Unreadable, match="cut off"):
            read(str(path))


def test_dvclive_names_come_from_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "dvclive" / "plots" / "metrics" / "val"
    folder.mkdir(parents=True)
    (folder / "acc.tsv").write_text(
        "timestamp\tstep\tacc\n" + "".join(f"{1000 + i}\t{i}\t0.{i}\n" for i in range(1, 6))
    )
    (folder / "loss.tsv").write_text("step\tloss\n" + "".join(f"0\t0.{i}\n" for i in range(1, 6)))
    run = read(str(tmp_path))[0]
    assert run.source == str(tmp_path / "dvclive")
    assert run.curves["val/accuracy"].step.tolist() == [1, 2, 3, 4, 5]
    assert run.curves["val/loss"].step.tolist() == [0, 1, 2, 3, 4]


def message(field: int, data: bytes) -> bytes:
    """A protobuf field of bytes."""
    assert len(data) < 128
    key = field << 3 | 2
    return (bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])) + bytes([len(data)]) + data


def test_settings_and_end_of_a_wandb_run() -> None:
    from optcli.run.readers.wandb import _exit, _settings

    def item(name: str, value: str) -> bytes:
        return message(1, message(1, name.encode()) + message(16, value.encode()))

    assert _settings(message(17, message(4, item("lr", "0.1") + item("n", '{"a": 1}')))) == {"lr": 0.1, "n": {"a": 1}}
    assert _settings(message(5, item("lr", "0.2"))) == {"lr": 0.2}
    assert _exit(message(18, b"")) == "finished"
    assert _exit(message(18, b"\x08\x01")) == "stopped"
    assert _exit(message(2, b"")) is None


def test_settings_and_end_of_a_run_in_a_database(tmp_path: Path) -> None:
    path = logs.mlflow_db(tmp_path, LONG)
    with sqlite3.connect(path) as db:
        (run,) = db.execute("select distinct run_uuid from metrics").fetchone()
        db.execute("create table params (key text, value text, run_uuid text)")
        db.execute("create table runs (run_uuid text, status text)")
        db.execute("insert into params values ('lr', '0.1', ?)", (run,))
        db.execute("insert into runs values (?, 'FAILED')", (run,))
    db.close()
    (found,) = read(str(path))
    assert (found.config, found.end) == ({"optimizer.lr": 0.1}, "stopped")


def test_trackio(tmp_path: Path) -> None:
    path = tmp_path / "project.db"
    with sqlite3.connect(path) as db:
        db.execute("create table metrics (id integer primary key, run_name text, step integer, metrics text)")
        for i in range(5):
            row = ("calm", i, f'{{"train/loss": {9 - i}, "val": {{"loss": 1}}}}'.encode())
            db.execute("insert into metrics (run_name, step, metrics) values (?, ?, ?)", row)
        db.execute("insert into metrics (run_name, step, metrics) values ('calm', 5, 'torn')")
    db.close()
    (run,) = read(str(tmp_path))
    assert run.format == "trackio"
    assert run.curves["train/loss"].value.tolist() == [9, 8, 7, 6, 5]


def test_catboost_is_one_run(tmp_path: Path) -> None:
    for part, loss in (("learn", 1), ("test", 2)):
        rows = "".join(f"{i}\t{loss / (i + 1)}\n" for i in range(6))
        (tmp_path / f"{part}_error.tsv").write_text(f"iter\tLogloss\n{rows}")
        (tmp_path / part).mkdir()
        logs.tfevents(tmp_path / part, LONG).rename(tmp_path / part / "events.out.tfevents")
    (run,) = read(str(tmp_path))
    assert run.format == "catboost"
    assert run.curves["train/loss"].step.tolist() == list(range(6))
    assert run.curves["val/loss"].value[0] == 2


def test_each_part_of_catboost_has_metrics_of_its_own(tmp_path: Path) -> None:
    rows = "".join(f"{i}\t{1 / (i + 1)}\t0.{i}\n" for i in range(6))
    (tmp_path / "learn_error.tsv").write_text(f"iter\tLogloss\tAccuracy\n{rows}")
    (tmp_path / "test_error.tsv").write_text("iter\tLogloss\tAccuracy\tAUC\n" + rows.replace("\n", "\t0.7\n"))
    (run,) = read(str(tmp_path))
    assert run.curves.keys() == {"train/loss", "train/accuracy", "val/loss", "val/auc", "val/accuracy"}
    assert read(str(tmp_path / "test_error.tsv"))[0].format == "catboost"


def test_a_row_of_catboost_without_its_number_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "learn_error.tsv").write_text(
        "iter\tLogloss\n" + "".join(f"{i}\t{9 - i}\n" for i in range(4)) + "\t2.5\n5\t2\n"
    )
    (run,) = read(str(tmp_path / "learn_error.tsv"))
    assert run.curves["train/loss"].step.tolist() == [0, 1, 2, 3, 5]
    assert run.curves["train/loss"].value.tolist() == [9, 8, 7, 6, 2]
