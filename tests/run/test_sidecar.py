"""Small files beside a log."""

from __future__ import annotations

from pathlib import Path

from optcli.run.sidecar import beside_ultralytics, yaml_file


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
