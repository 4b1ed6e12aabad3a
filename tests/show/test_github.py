from dataclasses import replace
from pathlib import Path

import pytest

from optcli.show import github
from optcli.show.report import Report


@pytest.fixture(autouse=True)
def no_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def test_annotations_point_at_the_recipe_where_it_is_known(sick: Report) -> None:
    known = Report(sick.diagnosis, sick.run, "runs/a/recipe.yaml")
    assert github.render([known]).splitlines()[0] == (
        "::error file=runs/a/recipe.yaml,title=NUM301 non-finite-loss::"
        "step 901: the loss is NaN at step 901 (100 %25 sure)"
    )


def test_annotations_point_at_the_line_that_the_patch_changes(sick: Report, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("data: x\noptimizer:\n  name: adam\n  lr: 1\n")
    shown = github.render([Report(sick.diagnosis, sick.run, str(recipe))])
    assert shown.count(f"file={recipe},line=4,title=") == 2


def test_the_worst_ten_of_each_level(sick: Report) -> None:
    lines = github.render([sick] * 25).splitlines()
    assert [sum(line.startswith(f"::{level} ") for line in lines) for level in ("error", "warning", "notice")] == [
        10
    ] * 3
    warnings = [replace(sick.diagnosis.findings[1], confidence=n / 20, message=f"n{n}") for n in range(20)]
    shown = github.render([Report(replace(sick.diagnosis, findings=tuple(warnings)))])
    assert [n for n in range(20) if f": n{n} " in shown] == [*range(10, 20)]


def test_fields_cannot_be_left(sick: Report) -> None:
    line = github.annotation("error", "a,b:c", "x::y,file=z", "50%\nnext")
    assert line == "::error file=a%2Cb%3Ac,title=x%3A%3Ay%2Cfile=z::50%25\\nnext"


def test_the_summary_is_appended(sick: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    github.render([sick])
    told = summary.read_text(encoding="utf-8")
    assert told.startswith("before\n")
    assert "optimizer.lr=0.0003" in told


def test_a_summary_stays_below_the_limit(sick: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    github.render([sick] * 1500)
    told = (tmp_path / "summary.md").read_bytes()
    assert 900_000 < len(told) < 1_048_576
    assert told.endswith(b"The rest was left out: a summary holds 1 MiB.\n")
