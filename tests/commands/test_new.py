"""`optcli new`: a recipe to begin with."""

from pathlib import Path

import pytest

from optcli.cli import main
from optcli.commands.new import STARTER
from optcli.recipe import load, loads


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["new", *words])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("word", ["mine", "mine.yaml"])
def test_it_loads_under_its_name(place: Path, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(word) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("mine.yaml\n", "next: optcli train mine.yaml\n")
    assert load(place / "mine.yaml").name == "mine"


def test_what_is_behind_a_hash_can_be_used_too() -> None:
    lines = STARTER.read_text(encoding="utf-8").splitlines()
    free = [line.replace("# ", "", 1) for line in lines if line.lstrip().startswith("# -") or "# target" in line]
    for line in free:
        before = [known for known in lines if known.strip() not in (f"# {line.strip()}",)]
        at = next(n for n, known in enumerate(lines) if known.lstrip(" #") == line.lstrip(" "))
        loads("\n".join([*before[:at], line, *before[at:]]))
    assert len(free) == 3


@pytest.mark.parametrize("name", ["", ".", "..", "no/"])
def test_a_file_without_a_name_is_not_written(place: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name) == 2
    assert capsys.readouterr().err.startswith(f"error: `{name}` is no name for a recipe\nhelp: ")
    assert not list(place.iterdir())


def test_never_over_a_file_nor_into_a_directory_that_is_not_there(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "recipe.yaml").write_text("mine")
    assert run() == 73
    assert (place / "recipe.yaml").read_text() == "mine"
    assert run("no/such") == 73
    assert capsys.readouterr().err.count("help: ") == 2
