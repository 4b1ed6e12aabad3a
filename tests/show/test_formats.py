import json
import os
from pathlib import Path

import pytest

from optcli.exits import Exit, Failure
from optcli.show import formats
from optcli.show.report import Report
from optcli.show.screen import Screen

SCREENS = Path(__file__).parents[1] / "clinic" / "screens"


@pytest.mark.parametrize("format", [name for name in formats.MODULES if name != "html"])
def test_snapshots(
    format: str, sick: Report, healthy: Report, unreadable: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    shown = formats.render([sick, healthy, unreadable], format, Screen())
    assert shown == (SCREENS / f"diagnose.{format}").read_text(encoding="utf-8")


def test_output_goes_to_the_file_and_nowhere_else(
    sick: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formats.write([sick], "json", str(tmp_path / "a.json"))
    assert json.loads((tmp_path / "a.json").read_text())["runs"][0]["status"] == "ill"
    assert capsys.readouterr().out == ""
    formats.write([sick], "text")
    assert capsys.readouterr().out.startswith("runs/a: ill: ")


@pytest.mark.parametrize(
    ("output", "format"),
    [(None, "text"), ("a.HTML", "html"), ("a/b.md", "md"), ("a.sarif", "sarif"), ("a.xml", "junit"), ("a.log", "text")],
)
def test_a_file_s_ending_tells_its_format(output: str | None, format: str) -> None:
    assert formats.fitting(output) == format


def test_a_format_that_is_not_offered_fits_nothing() -> None:
    assert formats.fitting("a.html", ("text", "json")) == "text"


def test_a_missing_directory_is_said(sick: Report, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="its directory doesn't exist") as caught:
        formats.write([sick], "md", str(tmp_path / "no" / "a.md"))
    assert caught.value.code == Exit.CANNOT_CREATE


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
def test_a_name_that_no_file_can_have_is_said(sick: Report, name: str) -> None:
    with pytest.raises(Failure, match="no file can be called") as caught:
        formats.write([sick], "md", name)
    assert caught.value.code == Exit.CANNOT_CREATE


def test_a_full_disk_is_said_of_the_file(sick: Report) -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        formats.write([sick], "html", "/dev/full")
    assert caught.value.filename == "/dev/full"


def test_a_device_or_a_pipe_is_written_to_as_it_is(sick: Report, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    formats.write([sick], "md", str(tmp_path / "pipe"))
    assert os.read(reader, 1 << 16).startswith(b"#")
    os.close(reader)


def test_what_fails_leaves_the_page_that_was_there(
    sick: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "link.md").symlink_to(page)
    formats.write([sick], "md", str(tmp_path / "link.md"))
    before = page.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        formats.write([sick, sick], "md", str(page))
    assert (page.read_bytes(), sorted(f.name for f in tmp_path.iterdir())) == (before, ["link.md", "page.md"])


@pytest.mark.parametrize("output", ["loss.csv", "link.csv", "run/journal.jsonl", "run/summary.json"])
def test_what_was_read_is_never_overwritten(sick: Report, tmp_path: Path, output: str) -> None:
    (tmp_path / "run").mkdir()
    for name in ("loss.csv", "run/journal.jsonl", "run/summary.json"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "loss.csv")
    with pytest.raises(Failure, match="would be lost") as caught:
        formats.write([sick], "json", str(tmp_path / output), [str(tmp_path / "loss.csv"), str(tmp_path / "run")])
    assert caught.value.code == Exit.CANNOT_CREATE
    assert (tmp_path / output).read_text() == "mine"
    formats.write([sick], "json", str(tmp_path / "run" / "report.json"), [str(tmp_path / "run")])
