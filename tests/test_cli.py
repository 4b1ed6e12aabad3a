import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from optcli.cli import COMMANDS, help_text, main

SCREENS = Path(__file__).parent / "clinic" / "screens"


def status(args: list[str]) -> int:
    with pytest.raises(SystemExit) as end:
        main(args)
    return int(end.value.code or 0)


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["--help"]) == 0
    assert capsys.readouterr().out == help_text() + "\n"
    assert all(f"  {name} " in help_text() for name in COMMANDS)


def test_help_as_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["help"]) == 0
    assert capsys.readouterr().out == help_text() + "\n"
    for words in (["help", "explain"], ["explain", "-h"], ["explain", "--help"]):
        assert status(words) == 0
        assert capsys.readouterr().out.startswith("Usage: optcli explain ")


def test_the_help_fits_80_columns() -> None:
    assert max(map(len, help_text().splitlines())) <= 80


def test_no_arguments_print_help_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert status([]) == 2
    assert capsys.readouterr() == ("", help_text() + "\n")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["--version"]) == 0
    assert re.fullmatch(r"optcli \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("args", "error", "help"),
    [
        (["diagnos"], "unknown command `diagnos`", "did you mean `diagnose`?"),
        (["--verison"], "unknown option `--verison`", "did you mean `--version`?"),
        (["version"], "unknown command `version`", "did you mean `--version`?"),
        (["qqq"], "unknown command `qqq`", "`optcli --help` lists what there is"),
        (["sick/spikes"], "unknown command `sick/spikes`", "did you mean `optcli train sick/spikes`?"),
        (["mine.yaml"], "unknown command `mine.yaml`", "did you mean `optcli train mine.yaml`?"),
        (["/"], "unknown command `/`", "did you mean `optcli diagnose /`?"),
        (["diagnose", "--formt", "json", "a"], "unknown option `--formt`", "did you mean `--format`?"),
        (["diagnose"], "missing argument `PATH`", "`optcli diagnose --help` shows what there is"),
        (["diagnose", "a", "--format", "jsn"],
         "--format: `jsn` is none of text, json, github, junit, md, html, sarif", "did you mean `json`?"),
        (["diagnose", "a", "--format"], "option `--format` requires an argument",
         "`optcli diagnose --help` shows what there is"),
        (["watch", "a", "--interval", "soon"], "--interval: `soon` is not a number", None),
        (["explain", "OPT101", "OPT102"], "got unexpected extra argument (OPT102)",
         "`optcli explain --help` shows what there is"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_two_lines(
    args: list[str], error: str, help: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(args) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [f"error: {error}", *([f"help: {help}"] if help else [])]


LINE = """diagnose explain watch --format json text --fail-on never --select OPT101,NUM --once --output /nonexistent/x
--map val/loss=a --help --version --all - -- OPT101 tests --pattern ( --ignore --wait 0 README.md = -x --interval nan"""
WORDS = st.sampled_from([*LINE.split(), "", "\x1b[2J", "\ud800", "\0"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["diagnose", "explain", "watch", "x"]), st.lists(WORDS | st.text(max_size=4), max_size=5))
@example("diagnose", ["README.md", "--pattern", "("])
@example("watch", ["tests", "--interval", "nan", "--once"])
@example("watch", ["\ud800"])
@example("diagnose", ["diagnose", "--output", "\ud800"])
@example("watch", ["--"])
@example("watch", ["--", "x"])
def test_no_arguments_at_all_give_a_traceback_or_a_bug(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: str,
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)  # `--output x` is among them
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    quick = ["--once"] if command == "watch" else []  # ahead of any `--`: else it would wait ten minutes for a path
    assert status([command, *quick, *words]) in (0, 1, 2, 5, 73)
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert "\x1b" not in shown.out + shown.err


def test_python_m_and_completion() -> None:
    def run(**more: str) -> str:
        environ = {**os.environ, **more}
        done = subprocess.run(
            [sys.executable, "-m", "optcli", "--help"], env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert run() == help_text() + "\n"
    words = {"COMP_WORDS": "optcli dia", "COMP_CWORD": "1", "_OPTCLI_COMPLETE": "complete_bash"}
    assert run(**words).split() == ["diagnose"]
