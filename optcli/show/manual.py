"""The pages of `optcli explain`: a rule's or a cause's own documentation, with the sick and the healthy curve drawn."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from optcli.diagnosis import catalogue
from optcli.exits import Exit, Failure
from optcli.run import notes
from optcli.show import words
from optcli.show.chart import draw
from optcli.show.examples import curves_of
from optcli.show.nearest import hint
from optcli.show.screen import Screen

HEADINGS: Final = ("What is seen", "Why it matters", "Look-alikes", "Example", "Healthy", "References")
_RULED: Final = re.compile(r"[=~-]{3,}")


def sections(doc: str) -> dict[str, str]:
    """Heading -> text below it; the text before the first heading stands under the empty name."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in doc.splitlines():
        title = line.strip().lstrip("#").rstrip(":").strip()
        if title in HEADINGS and not line.startswith(" "):
            name = title
            found[name] = []
        elif not (_RULED.fullmatch(line.strip()) and not found[name]):
            found[name].append(line)
    return {heading: "\n".join(lines).strip("\n") for heading, lines in found.items()}


def rule_page(code: str, screen: Screen) -> str:
    """All about a code: what is seen, why it matters, what only looks like it, and what may be behind it."""
    told = sections(catalogue.rule_doc(code))
    kind = catalogue.severity(code)
    status = catalogue.status(code)
    lines = [f"{screen.paint(code, 'bold')} {catalogue.rule_name(code)} · {screen.paint(kind, kind)} · {status}"]
    lines += ["", *_text(told.pop(""), screen)]
    for heading, text in told.items():
        lines += ["", screen.paint(heading, "bold")]
        drawn = _drawing(text, screen) if heading in ("Example", "Healthy") else None
        lines += drawn or _text(text, screen, "  ")
        if heading == "Look-alikes":
            lines += _causes(code, screen)
    return _joined(lines, screen)


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
    lines = [
        screen.paint(f"{words.title(name)}", "bold") + f" · cause `{name}`",
        "",
        *_text(catalogue.cause_doc(name), screen),
    ]
    weights = catalogue.evidence(name)
    for title, codes in (
        ("What speaks for it", [c for c, w in weights.items() if w > 0]),
        ("What speaks against it", [c for c, w in weights.items() if w < 0]),
    ):
        if codes:
            lines += ["", screen.paint(title, "bold")]
            lines += [f"  {code}  {_known(code)}" for code in sorted(codes, key=lambda c: -abs(weights[c]))]
    return _joined(lines, screen)


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


def _drawing(text: str, screen: Screen) -> list[str] | None:
    """The curves that a code block builds, each under its name; None where there is no code."""
    intro, code = _split(text)
    if not code:
        return None
    lines = _text(intro, screen, "  ")
    for name, curve in curves_of(code).items():
        lines += [f"  {name}", *draw(curve, screen, height=5)]
    return lines


def _split(text: str) -> tuple[str, str]:
    """The words and the indented code of a section."""
    lines = [line for line in text.splitlines() if not line.strip().startswith("```")]
    code = [line for line in lines if line.startswith("    ") or not line.strip()]
    told = [line.rstrip().removesuffix("::") for line in lines if not line.startswith("    ")]
    return "\n".join(told).strip(), textwrap.dedent("\n".join(code)).strip()


def _text(text: str, screen: Screen, indent: str = "") -> list[str]:
    """Paragraphs and list items, wrapped to the screen; indented code as it is."""
    return [line for block in _blocks(text) for line in _block(block, screen, indent)]


def _blocks(text: str) -> Iterator[str]:
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
    return screen.wrap(" ".join(block.split()), indent + more, indent)


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
