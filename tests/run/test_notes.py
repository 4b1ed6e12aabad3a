"""Codes of notes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import optcli
from optcli.run.notes import CODES, SEAM, note


def test_codes_are_of_the_family() -> None:
    assert all(re.fullmatch(r"RUN7\d\d", code) and text for code, text in CODES.items())


def test_only_known_codes() -> None:
    assert note(SEAM, "x").code == "RUN701"
    with pytest.raises(KeyError):
        note("RUN999", "x")


def test_every_code_in_the_package_can_be_explained() -> None:
    package = Path(optcli.__file__).parent
    used = {code for file in package.rglob("*.py") for code in re.findall(r"\bRUN7\d\d\b", file.read_text("utf-8"))}
    assert used <= set(CODES)
