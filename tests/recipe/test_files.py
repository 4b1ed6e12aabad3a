"""Recipes that extend others, and files that can't be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from optcli.recipe import files, load, loads
from optcli.recipe.problem import BadRecipe, Problem


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write


def problem(file: Path | str) -> Problem:
    with pytest.raises(BadRecipe) as caught:
        load(file)
    (found,) = caught.value.problems
    return found


def test_mappings_merge_deeply_and_lists_of_parts_by_name(write) -> None:  # type: ignore[no-untyped-def]
    write(
        "base.yaml",
        "name: base\ndata: {name: toy, batch_size: 32}\noptimizer: {name: sgd, lr: 0.1, momentum: 0.9}\n"
        "regularizers: [{name: dropout, rate: 0.3}, clip_norm, {name: l1, strength: 1.0}]\n"
        "train: {epochs: 3, keep: 7}\ntune: {optimizer.lr: [1, 2]}\n",
    )
    recipe = load(
        write(
            "sub/top.yaml",
            "extends: ../base.yaml\noptimizer: {lr: 0.2}\n"
            "regularizers: [{name: l1, strength: 0.5}, {clip_norm: null}, label_smoothing]\n"
            "train: {steps: 40}\ntune: {optimizer.lr: null, optimizer.momentum: [0.8, 0.9]}\n",
        )
    )
    assert recipe.name == "top"
    assert recipe.batch_size == 32
    assert (recipe.optimizer.options.lr, recipe.optimizer.options.momentum) == (0.2, 0.9)
    assert [r.name for r in recipe.regularizers] == ["dropout", "l1", "label_smoothing"]
    assert recipe.regularizers[1].options.strength == 0.5
    assert (recipe.train.epochs, recipe.train.steps, recipe.train.keep) == (None, 40, 7)
    assert list(recipe.tune) == ["optimizer.momentum"]


def test_origin_names_file_and_line(write) -> None:  # type: ignore[no-untyped-def]
    base = write("base.yaml", "data: toy\noptimizer:\n  name: sgd\n  lr: 0.1\n")
    top = write("top.yaml", "extends: base.yaml\noptimizer:\n  lr: 0.2\n")
    origin = load(top, ["seed=3"]).origin
    assert origin["optimizer.lr"] == f"{top}:3"
    assert origin["optimizer.name"] == f"{base}:3"
    assert (origin["seed"], origin["optimizer.momentum"]) == ("override", "default")


def test_a_mistake_in_a_base_names_the_base(write) -> None:  # type: ignore[no-untyped-def]
    base = write("base.yaml", "data: toy\noptimizer:\n  lr: -1\n")
    found = problem(write("top.yaml", "extends: base.yaml\nseed: 2\n"))
    assert (found.file, found.line, found.snippet) == (str(base), 3, "  lr: -1")
    base.write_text("data: toy\noptimizer: [\n")
    found = problem(base.parent / "top.yaml")
    assert (found.file, found.line) == (str(base), 2)


def test_null_deletes_and_another_part_drops_the_options(write) -> None:  # type: ignore[no-untyped-def]
    write("base.yaml", "data: toy\noptimizer: {name: sgd, momentum: 0.9}\nschedule: cosine\nseed: 4\n")
    recipe = load(write("a.yaml", "extends: base.yaml\nschedule: null\nseed: null\noptimizer: {momentum: null}\n"))
    assert recipe == loads("name: a\ndata: toy\noptimizer: sgd\n")
    recipe = load(write("b.yaml", "extends: base.yaml\noptimizer: {name: adam, lr: 0.5}\nschedule: linear\nseed: 0\n"))
    assert recipe == loads("name: b\ndata: toy\noptimizer: {lr: 0.5}\nschedule: linear\n")


def test_an_empty_list_empties_and_any_other_adds(write) -> None:  # type: ignore[no-untyped-def]
    write("base.yaml", "data: toy\nregularizers: [dropout, l1]\nmetrics: [accuracy]\n")
    recipe = load(write("a.yaml", "extends: base.yaml\nregularizers: []\n"))
    assert (recipe.regularizers, [m.name for m in recipe.metrics]) == ((), ["accuracy"])
    recipe = load(write("b.yaml", "extends: base.yaml\nregularizers: [l2]\n"))
    assert [r.name for r in recipe.regularizers] == ["dropout", "l1", "l2"]


def test_a_list_of_bases_and_chains(write) -> None:  # type: ignore[no-untyped-def]
    write("a.yaml", "data: toy\nseed: 1\noptimizer: {lr: 0.1}\n")
    write("b.yaml", "extends: a.yaml\nseed: 2\n")
    write("c.yaml", "optimizer: {lr: 0.3}\n")
    recipe = load(write("top.yaml", "extends: [b.yaml, c.yaml]\nmetrics: []\n"))
    assert (recipe.seed, recipe.optimizer.options.lr, recipe.metrics) == (2, 0.3, ())


def test_a_bundled_recipe_can_be_extended(write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from optcli.recipe import bundled

    write("bundled/plain.yaml", "data: toy\nseed: 5\n")
    monkeypatch.setattr(bundled, "_folder", lambda: tmp_path / "bundled")
    assert load(write("top.yaml", "extends: plain\n")).seed == 5
    assert load("plain").seed == 5
    found = problem(write("top.yaml", "extends: plian\n"))
    assert (found.line, found.column) == (1, 10)
    assert "did you mean `plain`?" in found.help
    assert "did you mean `plain`?" in problem("plian").help


def test_cycles_and_long_chains_end(write) -> None:  # type: ignore[no-untyped-def]
    a = write("a.yaml", "extends: b.yaml\n")
    b = write("b.yaml", "seed: 1\nextends: a.yaml\n")
    found = problem(a)
    assert (found.file, found.line) == (str(b), 2)
    assert "extends itself" in found.message
    for i in range(12):
        write(f"r{i}.yaml", f"extends: r{i + 1}.yaml\n")
    write("r12.yaml", "data: toy\n")
    assert load(a.parent / "r3.yaml").data.name == "toy"
    assert "more than 10 deep" in problem(a.parent / "r0.yaml").message


def test_many_bases_of_many_bases_end(write) -> None:  # type: ignore[no-untyped-def]
    for i in range(8):
        write(f"r{i}.yaml", "extends: [" + f"r{i + 1}.yaml, " * 500 + "]\n")
    top = write("r8.yaml", "data: toy\n").parent / "r0.yaml"
    assert "more than 50 in all" in problem(top).message


@pytest.mark.parametrize("name", ["gone.yaml", "gone", "../gone", "a\0b", "x" * 5000, "~/gone.yaml", ""])
def test_a_missing_file_is_a_problem(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = problem(name)
    assert "there is no file" in found.message or "not a file" in found.message
    assert found.help


def test_only_files_are_read(tmp_path: Path) -> None:
    assert problem(tmp_path).message == "not a file"
    os.mkfifo(tmp_path / "pipe.yaml")
    assert problem(tmp_path / "pipe.yaml").message == "not a file"
    (tmp_path / "top.yaml").write_text("extends: pipe.yaml\n")
    assert problem(tmp_path / "top.yaml").line == 1
    (tmp_path / "big.yaml").write_bytes(b"#" * 1_000_001)
    assert "larger than 1 MB" in problem(tmp_path / "big.yaml").message


def test_own_parts_are_imported_first(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "import optcli\n\n@optcli.loss\ndef my_loss(output, target, scale: float = 1.0):\n    return output.sum()\n"
    )
    file = tmp_path / "r.yaml"
    file.write_text("data: toy\nloss: {name: my_loss, scale: 2.0}\n")
    recipe = load(file, imports=[own])
    assert (recipe.loss.name, recipe.loss.options.scale) == ("my_loss", 2.0)
    own.write_text("x = 1\nraise ValueError('no')\n")
    with pytest.raises(BadRecipe) as caught:
        load(file, imports=[own])
    assert (caught.value.problems[0].file, caught.value.problems[0].line) == (str(own), 2)


@pytest.mark.parametrize(
    ("body", "line", "told"),
    [
        ("open('nowhere.csv')", 5, "data broken failed: FileNotFoundError"),
        ("raise SystemExit(3)", 5, "data broken failed: SystemExit: 3"),
        ("return 1, 2", 3, "data broken failed: it must return four arrays"),
    ],
)
def test_an_own_data_set_that_fails_is_told_at_its_line(tmp_path: Path, body: str, line: int, told: str) -> None:
    own = tmp_path / "own.py"
    own.write_text(f"import optcli\n\n@optcli.data(task='regression')\ndef broken():\n    {body}\n")
    (tmp_path / "r.yaml").write_text("data: broken\n")
    with pytest.raises(BadRecipe) as caught:
        load(tmp_path / "r.yaml", imports=[own])
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(own), line)
    assert problem.message.startswith(told)


def test_a_run_directory_and_a_missing_ending_are_pointed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    with pytest.raises(BadRecipe) as caught:
        files.read(Path("run"))
    assert caught.value.problems[0].help == "name a recipe's YAML file"
    (tmp_path / "run" / "recipe.yaml").touch()
    with pytest.raises(BadRecipe) as caught:
        files.read(Path("run"))
    assert caught.value.problems[0].help == "did you mean `run/recipe.yaml`?"
    (tmp_path / "mine.yaml").touch()
    assert files.hint_for("mine", Path()) == "did you mean `mine.yaml`?"
    assert files.hint_for("mien.yaml", Path()) == "did you mean `mine.yaml`?"
    assert files.hint_for("run/recipe.yml", Path()) == "did you mean `run/recipe.yaml`?"
    assert files.hint_for("fashon.yaml", Path()) == "did you mean `fashion`?"
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for name in ("loop.yaml", "m" * 5000, "no/where.yaml", "a\0b", ""):
        assert files.hint_for(name, Path()) == "`optcli recipes` lists the bundled ones"
