"""Files are replaced in one piece or not at all."""

import os
from pathlib import Path

import pytest

from optcli.run import files


def test_the_content_is_replaced(tmp_path: Path) -> None:
    files.replace(tmp_path / "a", "ä")
    files.replace(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_failure_leaves_the_old_content_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    files.replace(tmp_path / "a", "old")

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space"):
        files.replace(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("untouched")
    (tmp_path / "a").symlink_to("target")
    files.replace(tmp_path / "a", "new")
    assert (tmp_path / "target").read_text() == "untouched"


def test_nothing_is_appended_through_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "target").write_text("untouched")
    (tmp_path / "log").symlink_to("target")
    assert not files.Appender(tmp_path / "log").write(b"x\n")
    assert (tmp_path / "target").read_text() == "untouched"
    assert "training goes on" in capsys.readouterr().err
