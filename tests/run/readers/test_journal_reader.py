"""Run directories of our own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from optcli.run import notes
from optcli.run.assemble import read
from optcli.run.journal import Journal


def write(folder: Path) -> Path:
    journal = Journal(folder / "journal.jsonl")
    journal.start(500, config={"facts": {"task": "classification", "outputs": 10}})
    journal.rows(
        [
            {
                "step": i,
                "epoch": i // 4,
                "train/loss": 1 / i,
                "lr": 0.1,
                "clock": {"t": i / 2, "step_us": 900, "mib": 5},
            }
            for i in range(1, 11)
        ]
    )
    journal.rows([{"step": 8, "val/loss": float("nan"), "val/accuracy": 0.5}])
    journal.event("resume", step=6)
    journal.rows([{"step": 11, "epoch": 2, "train/loss": float("inf"), "lr": 0.1}])
    journal.event("end", status="finished", step=11)
    journal.close()
    return folder


def test_what_the_writer_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(
        "optimizer: {name: adam, lr: 1e-3}\nregularizers: [{name: l1, strength: 1e-5}]\nmetrics: [accuracy]\n"
    )
    run = read(str(write(tmp_path)))[0]
    assert run.source == str(tmp_path)
    assert (run.format, run.planned, run.end, run.seams) == ("journal", 500, "finished", (6.0,))
    assert run.config["optimizer.lr"] == 0.001
    assert run.config["regularizers.l1.strength"] == 1e-5
    assert run.config["facts.outputs"] == 10
    loss = run.curves["train/loss"]
    np.testing.assert_allclose(loss.value, [*(1 / i for i in range(1, 11)), np.inf])
    assert np.isnan(run.curves["val/loss"].value).all()
    assert run.curves["step_time"].value[0] == 900e-6
    assert run.epoch_steps.tolist() == [1, 4, 8]


def test_a_live_journal(tmp_path: Path) -> None:
    path = write(tmp_path) / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]) + b'{"step": 6, "train/lo')
    run = read(str(path))[0]
    assert run.end == "running"
    assert run.curves["train/loss"].step.tolist() == [1, 2, 3, 4, 5]
    assert [note.code for note in run.notes] == [notes.UNFINISHED]


def test_facts_of_the_environment(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "environment.json").write_text(json.dumps({"facts": {"target_variance": 2.5}, "torch": "2"}))
    assert read(str(tmp_path))[0].config["facts.target_variance"] == 2.5
    (tmp_path / "environment.json").write_text("[broken")
    assert "facts.target_variance" not in read(str(tmp_path))[0].config
