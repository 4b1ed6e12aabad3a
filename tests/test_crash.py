import errno
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from optcli.crash import guarded, redacted, say
from optcli.exits import Exit, Failure
from optcli.recipe.problem import BadRecipe, Problem


def raising(error: BaseException) -> Callable[[], Any]:
    def run() -> None:
        raise error

    return run


@pytest.fixture(autouse=True)
def crash_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


class LockHeld(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a"), Exit.IO_ERROR),
        (OSError(errno.EIO, "Input/output error", "a"), Exit.IO_ERROR),
        (PermissionError(errno.EACCES, "Permission denied", "a"), Exit.CANNOT_CREATE),
        (FileExistsError(errno.EEXIST, "File exists", "a"), Exit.CANNOT_CREATE),
        (OSError(errno.EROFS, "Read-only file system", "a"), Exit.CANNOT_CREATE),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a"), Exit.USAGE),
        (LockHeld("runs/a is in use"), Exit.LOCKED),
        (Failure(Exit.CANNOT_CREATE, "runs/a holds a run"), Exit.CANNOT_CREATE),
        (BadRecipe([Problem("unknown key `lrr`", "r.yaml", 3, 5)]), Exit.USAGE),
        (KeyboardInterrupt(), 130),
        (SystemExit(7), 7),
        (SystemExit(), 0),
        (SystemExit("no"), 1),
        (typer.Exit(5), 5),
        (typer.Abort(), 130),
        (RuntimeError("boom"), Exit.BUG),
        (RecursionError("deep"), Exit.BUG),
        (MemoryError(), Exit.BUG),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_every_error_has_its_status_and_no_traceback(
    error: BaseException, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error)) == status
    assert "Traceback" not in capfd.readouterr().err


def test_success_is_zero() -> None:
    assert guarded(lambda: "anything") == Exit.DONE


def test_a_bug_is_one_line_and_a_crash_file(
    crash_files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_VERSION", platform.python_version())  # as pyenv does: no secret
    assert guarded(raising(ValueError("first\nsecond"))) == Exit.BUG
    error, help = capsys.readouterr().err.splitlines()
    assert error == "error: optcli itself failed: ValueError: first"
    (file,) = crash_files.iterdir()
    assert help == f"help: please report it with the crash file {file}"
    assert "ValueError: first\nsecond" in file.read_text()
    assert "Python 3." in file.read_text()


def test_a_crash_file_holds_no_values_of_the_environment(
    crash_files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2-secret")
    guarded(raising(ValueError("sent hunter2-secret to the server")))
    (file,) = crash_files.iterdir()
    assert "hunter2" not in file.read_text() + capsys.readouterr().err
    assert "$API_TOKEN" in file.read_text()


def test_redaction_takes_long_values_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"A": "secret", "B": "secret/longer", "C": "x"})
    assert redacted("secret/longer secret x") == "$B $A x"


def test_no_place_for_a_crash_file_is_said(
    crash_files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(crash_files / "none"))
    assert guarded(raising(ValueError("x"))) == Exit.BUG
    assert "no crash file could be written: no such file or directory" in capsys.readouterr().err


def test_say_is_one_clean_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("error", "a\n\x1b[2Jb")
    assert capsys.readouterr().err == "error: a\\n\\x1b[2Jb\n"


def python(code: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, **more)


def test_a_gone_reader_is_quiet() -> None:
    code = "import sys; from optcli.crash import guarded; sys.exit(guarded(lambda: print('x' * 10**6)))"
    done = subprocess.run(
        f"{sys.executable} -c \"{code}\" | head -c 1; echo ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "x141\n"
    assert done.stderr == ""


def test_a_full_disk_behind_stdout_is_an_io_error() -> None:
    code = "import sys; from optcli.crash import guarded; sys.exit(guarded(lambda: print('x')))"
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == Exit.IO_ERROR
    assert re.fullmatch(r"error: output: no space left on device\n", done.stderr)


@pytest.mark.parametrize(
    ("closed", "words", "status"),
    [
        (">&-", "--version", 0),
        (">&-", "explain RUN704", 0),
        (">&-", "recipes", 0),
        ("2>&-", "bla", 2),
        ("2>&-", "train digits modle=3", 2),
        ("2>&- >&-", "diagnose none.csv", 2),
    ],
)
def test_a_stream_that_is_closed_is_no_bug(closed: str, words: str, status: int, tmp_path: Path) -> None:
    line = f"'{sys.executable}' -m optcli {words} {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")


def test_talk_is_wrapped_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    say("help", "there is: " + ", ".join(["adadelta"] * 9))
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert max(map(len, told)) <= 40
