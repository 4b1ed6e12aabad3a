"""The pages of `optcli explain`: a rule's or a cause's own documentation, with the sick and the healthy curve drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from optcli.diagnosis import catalogue
from optcli.exits import Exit, Failure
from optcli.run import notes
from optcli.show import words
from optcli.show.chart import MARGIN, draw
from optcli.show.nearest import hint
from optcli.show.screen import Screen

HEADINGS: Final = ("What is seen", "Why it matters", "Look-alikes", "Example", "Healthy", "References")
_DRAWN: Final = {"Example": "What it looks like", "Healthy": "What a healthy run looks like"}
_BOLD: Final = re.compile(r"\*\*(.+?)[.:]?\*\* *(.*)")
_ITALIC: Final = re.compile(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])")
_RULED: Final = re.compile(r"[=~-]{3,}")


def sections(doc: str) -> dict[str, str]:
    """Heading -> text below it; the text before the first heading stands under the empty name.

    A heading is one of `HEADINGS` on a line of its own (ruled or not), or a paragraph's bold beginning.
    """
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in doc.splitlines():
        title, rest = _heading(line)
        if title:
            name = title
            found[name] = [rest] if rest else []
        elif not (_RULED.fullmatch(line.strip()) and not found[name]):
            found[name].append(line)
    return {heading: "\n".join(lines).strip("\n") for heading, lines in found.items()}


def _heading(line: str) -> tuple[str, str]:
    """The heading that the line is or begins with, and the text after it; two empty texts where there is none."""
    bold = _BOLD.match(line)
    if bold is not None:
        return bold[1], bold[2]
    title = line.strip().lstrip("#").rstrip(":").strip()
    return (title, "") if title in HEADINGS and not line.startswith(" ") else ("", "")


def rule_page(code: str, screen: Screen) -> str:
    """All about a code: what is seen, why it matters, what only looks like it, and what may be behind it."""
    kind = catalogue.severity(code)
    head = f"{screen.paint(code, 'bold')} {catalogue.rule_name(code)} · {screen.paint(kind, kind)}"
    head += " · preview" if catalogue.status(code) == "preview" else ""
    told = sections(catalogue.rule_doc(code))
    drawn = [line for heading in _DRAWN if told.pop(heading, "") for line in _drawing(code, heading, screen)]
    return _page(head, told, [*drawn, *_causes(code, screen)], screen)


def _page(head: str, told: dict[str, str], facts: list[str], screen: Screen) -> str:
    """Title, the documentation's sections, facts from the catalogue, and sources last."""
    last = {name: told.pop(name, "") for name in ("References", "Sources")}
    lines = [head, *_sections(told, screen), *facts]
    return _joined([*lines, *_sections({name: text for name, text in last.items() if text}, screen)], screen)


def _sections(told: Mapping[str, str], screen: Screen) -> list[str]:
    """Each heading with its text."""
    lines: list[str] = []
    for heading, text in told.items():
        lines += ["", screen.paint(heading, "bold")] if heading else [""]
        lines += _text(text, screen, "  " if heading else "")
    return lines


def _causes(code: str, screen: Screen) -> list[str]:
    """The causes that the code speaks for, with their first lines."""
    names = catalogue.causes_of(code)
    if not names:
        return []
    wide = max(map(len, names))
    rows = [(name, catalogue.cause_doc(name).partition("\n")[0]) for name in names]
    told = [line for name, first in rows for line in screen.wrap(first or "-", " " * (wide + 4), f"  {name:<{wide}}  ")]
    return ["", screen.paint("What may be behind it", "bold"), *told]


def cause_page(name: str, screen: Screen) -> str:
    """All about a cause: what it is, what speaks for and against it, what to do."""
    weights = catalogue.evidence(name)
    facts: list[str] = []
    for title, sign in (("What speaks for it", 1), ("What speaks against it", -1)):
        codes = sorted((c for c, w in weights.items() if w * sign > 0), key=lambda c: -abs(weights[c]))
        facts += ["", screen.paint(title, "bold")] if codes else []
        facts += [f"  {code}  {_known(code)}" for code in codes]
    head = f"{screen.paint(words.title(name), 'bold')} · cause `{name}`"
    return _page(head, sections(catalogue.cause_doc(name)), facts, screen)


def _known(code: str) -> str:
    return catalogue.rule_name(code) if code in catalogue.codes() else notes.CODES.get(code, "")


def note_page(code: str, screen: Screen) -> str:
    """About a note on the log itself."""
    return _joined([f"{screen.paint(code, 'bold')} · note on the log", "", *_text(notes.CODES[code], screen)], screen)


def listing(screen: Screen) -> str:
    """All codes, causes and notes, a line each."""
    lines = [screen.paint("Findings", "bold")]
    for code in catalogue.codes():
        first = catalogue.rule_doc(code).partition("\n")[0]
        kind = catalogue.severity(code)
        lines.append(f"  {code}  {screen.paint(f'{kind:<7}', kind)}  {catalogue.rule_name(code)}: {first}")
    lines += [
        "",
        screen.paint("Notes on the log", "bold"),
        *(f"  {code}  {text}" for code, text in notes.CODES.items()),
    ]
    lines += ["", screen.paint("Causes", "bold")]
    lines += [f"  {name}: {catalogue.cause_doc(name).partition(chr(10))[0]}" for name in catalogue.names()]
    return _joined(lines, screen)


def _joined(lines: list[str], screen: Screen) -> str:
    return screen.fit("\n".join(lines)) + "\n"


def _drawing(code: str, heading: str, screen: Screen) -> list[str]:
    """The curves of an example, the first two of them: more would hide what they are to show."""
    lines = ["", screen.paint(_DRAWN[heading], "bold")]
    for role, curve in [*catalogue.curves(code, heading).items()][:2]:
        lines += [f"{role:>{MARGIN}}", *draw(curve, screen, height=5)]
    return lines


def _text(text: str, screen: Screen, indent: str = "") -> list[str]:
    """Paragraphs and list items, wrapped to the screen; indented code as it is."""
    return [line for block in blocks(text) for line in _block(block, screen, indent)]


def blocks(text: str) -> Iterator[str]:
    """Paragraphs, list items and code, with an empty block between paragraphs."""
    for number, part in enumerate(re.split(r"\n\s*\n", text.strip("\n"))):
        if number:
            yield ""
        yield from re.split(r"\n(?=\s*(?:[-*]|\d+\.) )", part)


def _block(block: str, screen: Screen, indent: str) -> list[str]:
    if not block.strip():
        return [""]
    if block.startswith("    "):
        return [f"{indent}{line}" for line in block.splitlines()]
    item = re.match(r"\s*((?:[-*]|\d+\.) )", block)
    more = " " * len(item[1]) if item else ""
    return screen.wrap(_ITALIC.sub(r"\1", " ".join(block.split())), indent + more, indent)


def page(name: str, screen: Screen) -> str:
    """The page of a code (`OPT101`), a code's name, a note's code, or a cause, in any case of letters.

    Raises:
        Failure: there is nothing of that name.
    """
    named = {catalogue.rule_name(code): code for code in catalogue.codes()}
    code, word = named.get(name.lower(), name.upper()), name.lower().replace("_", "-").replace(" ", "-")
    if code in catalogue.codes():
        return rule_page(code, screen)
    if code in notes.CODES:
        return note_page(code, screen)
    if word in catalogue.names():
        return cause_page(word, screen)
    known = [*catalogue.codes(), *notes.CODES, *named, *catalogue.names()]
    help = hint(name, known, "`optcli explain --all` lists all codes and causes")
    raise Failure(Exit.USAGE, f"nothing is known as `{name}`", help)
