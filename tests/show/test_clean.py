import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from optcli.diagnosis.diagnosis import Cause, Diagnosis, Evidence, Finding, Prescription
from optcli.recipe.patch import Patch
from optcli.run.curve import Curve, Note, Run, read_only
from optcli.show import clean, formats
from optcli.show.report import Report
from optcli.show.screen import Screen

HOSTILE = [
    "\x1b[2J\x1b[H", "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07", "\x1b]52;c;aGk=\x07", "\x1b]0;title\x07",
    "\x9b2J", "\x9d0;t\x9c", "\x85\x8d\x90", "\x07\x08\x0b\x0c", "a\rb", "a\nb", "a\tb", "\x00", "\x7f",
    "[/bold]", "[link=http://evil.example]x[/link]", "<script>alert(1)</script>", '"onload="alert(1)', "'onload='x",
    "javascript:alert(1)", "</style><script>", "</script>", "<!--", "]]>", "&lt;b&gt;", "=cmd|' /C calc'!A0",
    "@SUM(1+1)", "+1", "-1", "\u202eevil\u202c", "\u2066x\u2069", "\ud800", "\udcff\udc80", "\u2028\u2029", "\ufeff",
    "::error file=a::b", "##[error]x", "%0A::error::x", "x" * 1_000_000, "| a | b |", "`code` **bold** [x](http://e)",
    "```\n# head", "https://evil.example @user #1 <img src=x onerror=y>", "\U000e0041", "--flag; rm -rf /",
]  # fmt: skip


def report(text: str) -> Report:
    """A report with the text in every place that can come from outside."""
    finding = Finding(text, text, "warning", 0.9, text, 1, 2, 2, text, {text: Evidence(1.5, text)})
    advised = Prescription(Patch({text: text}), {text: 0.3}, {"any": text, text: text}, "likely", text, text)
    told = Diagnosis(
        text, text, "ill", 3, {text: text, "lr": text}, (finding,), (Cause(text, 0.5, (text,), advised),),
        (Note(text, text),), {text: text},
    )  # fmt: skip
    curve = Curve(text, read_only([1, 2, 3]), read_only([3, 2, 1]))
    return Report(told, Run(text, text, {text: curve}), text if "\0" not in text and len(text) < 200 else None)


def bad(text: str) -> set[str]:
    """Characters that steer a terminal or an eye, besides tab and newline."""
    return {c for c in text if (unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t") or c in BIDI}


BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


class Elements(HTMLParser):
    """All start tags with the names of their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.references: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))
        links = [v or "" for name, v in attrs if name in ("src", "href", "action", "xlink:href", "srcset")]
        self.references += [link for link in links if not link.startswith("#")]


SCREENS = {
    "terminal": Screen(terminal=True, width=80),
    "ascii": Screen(terminal=True, width=120, unicode=False),
    "pipe": Screen(),
}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("format", ["text", *formats.MODULES])
def test_nothing_foreign_steers_any_format(format: str, text: str) -> None:
    for screen in SCREENS.values() if format == "text" else [Screen()]:
        for reports in ([report(text)], [report(text)] * 5):
            shown = formats.render(reports, format, screen)
            assert not bad(shown)
            shown.encode()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_html_holds_the_same_elements_whatever_the_text(text: str) -> None:
    plain = Elements(formats.render([report("plain")] * 2, "html", Screen()))
    seen = Elements(formats.render([report(text)] * 2, "html", Screen()))
    kinds = {element for element in plain.found if element[0] != "path"}
    assert {element for element in seen.found if element[0] != "path"} <= kinds | {("path", ("class", "d"))}
    assert seen.references == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_json_and_sarif_stay_strict_and_junit_well_formed(text: str) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    shown = json.loads(formats.render([report(text)], "json", Screen()), parse_constant=refuse)
    assert len(shown["runs"]) == 1
    assert len(shown["runs"][0]["findings"]) == 1
    assert len(json.loads(formats.render([report(text)], "sarif", Screen()))["runs"][0]["results"]) == 1
    tree = ElementTree.fromstring(formats.render([report(text)], "junit", Screen()))
    assert [element.tag for element in tree.iter()] == ["testsuites", "testsuite", "testcase", "failure"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_ci_runner_sees_our_commands_only(text: str) -> None:
    shown = formats.render([report(text)], "github", Screen()).splitlines()
    assert len([line for line in shown if line.lstrip().startswith("::")]) == 1
    plain = formats.render([report(text)], "text", Screen()).splitlines()
    assert not [line for line in [*shown[1:], *plain] if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_markdown_has_no_markup_of_others(text: str) -> None:
    shown = formats.render([report(text)], "md", Screen())
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", shown, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<|(?<!\\)\[|https?:|@\w", outside)
    assert len(re.findall(r"^#+ ", outside, re.MULTILINE)) == 2


def test_what_is_shown_tells_what_stood_there() -> None:
    assert clean.line("a\x1b[0m\n\u202e\udcff") == "a\\x1b[0m\\n\\u202e\\xff"
    assert clean.block("a\tb\nc\x07") == "a\tb\nc\\x07"
    assert clean.line("plain – ünïcode 日本 😀") == "plain – ünïcode 日本 😀"


def test_a_flood_is_cut_and_says_so() -> None:
    assert clean.line("x" * 1_000_000) == "x" * 500 + "… (+999500 characters)"


def test_everything_can_be_written_to_an_ascii_stream_that_escapes() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", errors="backslashreplace")
    stream.write(formats.render([report("ü\ud800")], "text", Screen()))
    stream.flush()
