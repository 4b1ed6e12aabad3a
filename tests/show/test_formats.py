import json
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


def test_a_full_disk_is_said_of_the_file(sick: Report) -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        formats.write([sick], "html", "/dev/full")
    assert caught.value.filename == "/dev/full"
