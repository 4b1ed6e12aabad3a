"""Codes of notes."""

from __future__ import annotations

import re

import pytest

from optcli.run.notes import CODES, SEAM, note


def test_codes_are_of_the_family() -> None:
    assert all(re.fullmatch(r"RUN7\d\d", code) and text for code, text in CODES.items())


def test_only_known_codes() -> None:
    assert note(SEAM, "x").code == "RUN701"
    with pytest.raises(KeyError):
        note("RUN999", "x")
