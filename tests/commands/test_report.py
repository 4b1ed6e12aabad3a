"""`optcli report`: a page to keep, never over another file."""

from pathlib import Path

import pytest

from optcli.cli import main
from optcli.recipe import loads


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    rows = "".join(f'{{"step": {s}, "train/loss": {3 / s}}}\n' for s in range(1, 80))
    (folder / "journal.jsonl").write_text('{"event": "start", "version": 1, "planned": 79}\n' + rows)
    (folder / "recipe.yaml").write_text(loads("data: digits\nname: <b>\n".replace("<b>", "mine")).to_yaml())
    (folder / "summary.json").write_text(
        '{"steps": 79, "wall_s": 1.5, "best": {"metric": "val/loss", "value": 0.5, "step": 70}}'
    )
    return tmp_path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["report", *words])
    return int(ended.value.code or 0)


def test_a_page_with_the_summary_and_the_recipe(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("runs/a") == 0
    assert capsys.readouterr().out == "report.html\n"
    page = (place / "report.html").read_text(encoding="utf-8")
    assert "79 steps in 1.5 s · best val/loss 0.5 at step 70" in page
    assert "<summary>The recipe as run</summary><pre>name: mine" in page
    assert run("runs") == 0  # over its own page


def test_the_ending_of_the_file_chooses_the_format(place: Path) -> None:
    assert run("runs/a", "-o", "a.md") == 0
    assert "79 steps in 1.5 s" in (place / "a.md").read_text(encoding="utf-8")
    assert run("runs/a", "runs/a", "--output", "a.md") == 0
    assert run("runs/a", "-o", "a.md") == 0
    assert run("runs/a", "-o", "a.pdf") == 2


@pytest.mark.parametrize("text", ["<title>mine</title>", "## mine\n", "x" * 5000])
def test_another_s_file_is_never_written_over(place: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "report.html").write_text(text)
    assert run("runs/a") == 73
    assert (place / "report.html").read_text() == text
    assert "name another with --output" in capsys.readouterr().err


def test_where_there_is_nothing_nothing_is_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "empty").mkdir()
    assert run("empty") == 5
    assert run("none") == 2
    assert not (place / "report.html").exists()
    assert "error: none: no such file or directory" in capsys.readouterr().err
    assert run("none", "runs/a") == 2
    assert (place / "report.html").exists()
