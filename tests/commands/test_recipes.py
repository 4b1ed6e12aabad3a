"""`optcli recipes`: list, show, copy; never over a file."""

import subprocess
import sys

import pytest

from optcli.cli import main
from optcli.commands.recipes import summary
from optcli.recipe import bundled, load


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main(["recipes", *words])
    return ended.value.code


def test_lists_every_recipe_with_its_header(capsys):
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines) == bundled.names()
    assert any(line.startswith("sick/overfitting ") and " GEN201: " in line for line in lines)
    assert [line.startswith("sick/") for line in lines] == sorted(line.startswith("sick/") for line in lines)


def test_shows_the_text(capsys):
    assert run("show", "fashion") == 0
    assert capsys.readouterr().out == bundled.path("fashion").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["fashion", "sick/overfitting"])
def test_copies_into_the_working_directory(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("copy", name) == 0
    file = tmp_path / capsys.readouterr().out.strip()
    assert load(file) == load(name)


@pytest.mark.parametrize("destination", ["mine.yaml", "."])
def test_never_copies_over_a_file(destination, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ("fashion.yaml" if destination == "." else destination)
    file.write_text("mine")
    assert run("copy", "fashion", destination) == 73
    assert file.read_text() == "mine"
    assert "exists already" in capsys.readouterr().err


def test_copies_to_no_directory_that_is_not_there(tmp_path):
    assert run("copy", "fashion", str(tmp_path / "nowhere" / "a.yaml")) == 73


def test_an_unknown_name_gets_the_nearest(capsys):
    assert run("show", "fashoin") == 2
    assert "did you mean `fashion`?" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["show", "copy"])
def test_asks_for_a_name(action, capsys):
    assert run(action) == 2
    assert f"which recipe to {action}?" in capsys.readouterr().err


def test_summary_skips_what_is_for_machines():
    text = "# expect: OPT101\n# yaml-language-server: $schema=x\n# Swings.\n# More.\nmodel: mlp # no\n"
    assert summary(text) == "OPT101: Swings."
    assert summary("model: mlp\n") == ""


def test_loads_nothing_heavy():
    code = (
        "import sys; from optcli.cli import main\n"
        "try: main(['recipes'])\nexcept SystemExit: pass\n"
        "assert not {'torch', 'numpy', 'pydantic', 'tensorboard'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("word", "help"),
    [("digits", "`optcli recipes show digits`"), ("shwo", "`show`"), ("x", "there is: list, show, copy")],
)
def test_an_unknown_action(word, help, capsys):
    assert run(word) == 2
    assert help in capsys.readouterr().err
