"""Small files beside a log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optcli.run.assemble import read
from optcli.run.sidecar import beside, beside_ultralytics, yaml_file


def test_numbers_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("lr: 1e-3\nname: x\nlist: [1e-4, b]\nnested: {a: 5e-1}\n")
    assert yaml_file(str(path)) == {"lr": 1e-3, "name": "x", "list": [1e-4, "b"], "nested": {"a": 0.5}}


def test_odd_files_are_as_if_absent(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for text in ("[1, 2", "- a\n- b\n", "!!python/object/apply:os.system [ls]", "a: " + "[" * 5000, "x" * 300_000):
        path.write_text(text)
        assert yaml_file(str(path)) == {}
    assert yaml_file(str(tmp_path / "none.yaml")) == {}


def test_no_plan_is_no_plan(tmp_path: Path) -> None:
    block = beside_ultralytics(str(tmp_path / "results.csv"))
    assert (block.planned, dict(block.config)) == (None, {})


LOG = "step,loss\n" + "".join(f"{i},{2 / (i + 1):.4f}\n" for i in range(8))


@pytest.mark.parametrize(
    ("name", "content", "known"),
    [
        ("hparams.json", '{"lr": 0.1, "bs": 64, "clip": 0.03, "opt": "sgd"}',
         {"optimizer.lr": 0.1, "data.batch_size": 64, "regularizers.clip_norm.max_norm": 0.03,
          "optimizer.name": "sgd"}),
        ("hparams.yaml", "learning_rate: 1e-3\nmax_epochs: 5\n", {"optimizer.lr": 1e-3, "train.epochs": 5}),
        ("config.yaml", "trainer:\n  gradient_clip_val: 1.0\nlr: 0.2\noptim: {lr: 0.3}\n",
         {"regularizers.clip_norm.max_norm": 1.0, "optimizer.lr": 0.2}),
        ("config.json", '{"hidden_size": 768, "drop": true}', {"model.hidden": 768.0}),
        ("config.json", "[1, 2]", {}),
        ("config.json", '{"lr": ', {}),
        ("hparams.yaml", "a: [", {}),
        ("args.json", "\xff\x00", {}),
    ],
)  # fmt: skip
def test_settings_beside_a_log_are_known(tmp_path: Path, name: str, content: str, known: dict[str, Any]) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / name).write_text(content)
    (run,) = read(str(tmp_path / "log.csv"))
    assert run.config == known


def test_the_log_itself_and_the_first_file_count(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "config.json").write_text('{"lr": 1.0}')
    (tmp_path / "hparams.json").write_text('{"lr": 0.5}')
    assert beside(str(tmp_path / "log.csv")) == {"optimizer.lr": 0.5}
    assert beside(str(tmp_path / "hparams.json")) == {"optimizer.lr": 1.0}, "no file is its own neighbour"
    assert beside("-") == {}
