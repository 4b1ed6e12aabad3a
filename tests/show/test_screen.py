import io

import pytest

from optcli.show.screen import Screen


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")


def test_prose_is_filled_on_a_terminal_and_left_alone_elsewhere() -> None:
    text = "Nine words that stand in\ntwo lines of a docstring.\n\n    code: {as: it, is: written, here: 1}"
    assert Screen().prose(text, "  ") == [f"  {line}" if line else "" for line in text.splitlines()]
    told = Screen(terminal=True, width=36).prose(text, "  ")
    assert told == ["  Nine words that stand in two lines", "  of a docstring.", "", f"  {text.splitlines()[-1]}"]


def test_a_terminal_has_colours_and_its_own_width_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    utf8 = Terminal(io.BytesIO(), "utf-8")
    assert Screen.of(utf8) == Screen(terminal=True, width=120, colour=True, unicode=True)
    monkeypatch.setenv("COLUMNS", "20")
    assert Screen.of(utf8).width == 36
    monkeypatch.setenv("COLUMNS", "wide")
    assert Screen.of(utf8).width == 100


def test_a_pipe_has_neither() -> None:
    pipe = Screen.of(io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert (pipe.terminal, pipe.colour, pipe.unicode) == (False, False, True)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert Screen.of(Terminal(io.BytesIO(), "utf-8")).colour is False


@pytest.mark.parametrize(("name", "value"), [("LANG", "C"), ("LC_ALL", "POSIX")])
def test_the_c_locale_means_ascii(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert Screen.of(Terminal(io.BytesIO(), "utf-8")).unicode is False


def test_another_encoding_means_ascii() -> None:
    assert Screen.of(Terminal(io.BytesIO(), "latin-1")).unicode is False


def test_paint_fit_and_wrap() -> None:
    assert Screen(colour=True).paint("ill", "ill") == "\x1b[1;31mill\x1b[0m"
    assert Screen().paint("ill", "ill") == "ill"
    assert Screen(unicode=False).fit("a – b … × ·") == "a - b ... x -"
    assert Screen(width=20).wrap("one two three four five", "  ", "* ") == ["* one two three four", "  five"]
    assert Screen(width=20).wrap("a/path/that/is-longer/than/the/screen", "") == [
        "a/path/that/is-longer/than/the/screen"
    ]
    assert Screen().wrap("", "  ") == []
    assert Screen(width=20).lines("one two three four five") == ["one two three four five"]
    assert Screen(terminal=True, width=20).lines("one two three four five") == ["one two three four", "  five"]
