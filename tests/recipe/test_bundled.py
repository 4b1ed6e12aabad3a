"""The recipes that come with optcli."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.recipe import bundled


def test_names_are_the_files_without_suffix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sick").mkdir()
    for name in ("b.yaml", "a.yaml", "sick/c.yaml", "note.txt"):
        (tmp_path / name).write_text("data: toy\n")
    monkeypatch.setattr(bundled, "_folder", lambda: tmp_path)
    assert bundled.names() == ["a", "b", "sick/c"]
    assert bundled.path("sick/c") == tmp_path / "sick" / "c.yaml"
    for wrong in ("note", "../a", "c", ""):
        with pytest.raises(LookupError, match="no bundled recipe"):
            bundled.path(wrong)


def test_the_wheel_s_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "optcli"
    package.mkdir()
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "checkout.yaml").write_text("")
    monkeypatch.setattr(bundled, "_PACKAGE", package)
    assert bundled.names() == ["checkout"]
    (package / "_recipes").mkdir()
    (package / "_recipes" / "wheel.yaml").write_text("")
    assert bundled.names() == ["wheel"]


def test_a_file_of_theirs_by_its_short_name() -> None:
    assert bundled.inside(f"{bundled.path('sick/collapsed')}:3") == "sick/collapsed.yaml:3"
    assert bundled.inside("sick/collapsed.yaml") is None
