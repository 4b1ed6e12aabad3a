"""The pages of `optcli explain`: a rule's or a cause's own documentation, with the sick and the healthy curve drawn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from optcli import parts
from optcli.diagnosis import catalogue
from optcli.diagnosis.engine import diagnose
from optcli.exits import Exit, Failure
from optcli.run import notes
from optcli.show import words
from optcli.show.chart import MARGIN, Mark, draw, wants_log
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
    return _page(head, told, [*drawn, *_causes(code, screen), *_to_do(code, screen)], screen)


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


def _to_do(code: str, screen: Screen) -> list[str]:
    """What to do about the cause that the code speaks for most, and where to read about the others."""
    first, *others = [*catalogue.causes_of(code), ""]
    told = sections(catalogue.cause_doc(first)) if first else {}
    heading = next((heading for heading in told if heading.startswith("What to do")), None)
    if heading is None:
        return []
    lines = [
        "",
        screen.paint(f"{heading}, if it is: {words.title(first)}", "bold"),
        *_text(told[heading], screen, "  "),
    ]
    more = ", ".join(f"`optcli explain {name}`" for name in others if name)
    return [*lines, *screen.wrap(f"Else: {more}", "  ")] if more else lines


def cause_page(name: str, screen: Screen) -> str:
    """All about a cause: what it is, what it looks like, what speaks for and against it, what to do."""
    weights = catalogue.evidence(name)
    main = max(weights, key=lambda code: (weights[code], code))
    facts = _drawing(main, "Example", screen, 1) if main in catalogue.codes() else []
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
    """All codes, causes and notes, a line each in a pipe."""
    lines = [screen.paint("Findings", "bold")]
    for code in catalogue.codes():
        text = f"{catalogue.rule_name(code)}: {catalogue.rule_doc(code).partition(chr(10))[0]}"
        kind = f"{catalogue.severity(code):<7}"
        first, *more = _entry(f"{code}  {kind}", text, screen)
        lines += [first.replace(kind, screen.paint(kind, kind.strip()), 1), *more]
    lines += ["", screen.paint("Notes on the log", "bold")]
    lines += [line for code, text in sorted(notes.CODES.items()) for line in _entry(code, text, screen)]
    lines += ["", screen.paint("Causes", "bold")]
    wide = max(map(len, catalogue.names()))
    for name in catalogue.names():
        lines += _entry(f"{name:<{wide}}", catalogue.cause_doc(name).partition("\n")[0], screen)
    return _joined(lines, screen)


def _entry(name: str, text: str, screen: Screen) -> list[str]:
    """`name  text`, on a terminal wrapped behind the name."""
    return screen.lines(f"  {name}  {text}", " " * (len(name) + 4))


def _joined(lines: list[str], screen: Screen) -> str:
    told = screen.fit("\n".join(lines)) + "\n"
    return told if screen.unicode else unicodedata.normalize("NFKD", told).encode("ascii", "ignore").decode()


def _drawing(code: str, heading: str, screen: Screen, most: int = 2) -> list[str]:
    """The first curves of an example, more would hide what they are to show; of a sick one, where the finding is.

    Sick and healthy curves of a role have axes of the same kind, so that they can be compared.
    """
    run = catalogue.example(code, heading)
    found = diagnose(run, select=[code]).findings if heading == "Example" else ()
    shown = [role for role in run.curves if role in {f.curve for f in found}]
    lines = ["", screen.paint(_DRAWN[heading] + (f": {code} {catalogue.rule_name(code)}" if most == 1 else ""), "bold")]
    for role in [*shown, *(role for role in run.curves if role not in shown)][:most]:
        marks = [Mark(f.code, f.first, f.last, f.severity) for f in found if f.curve == role]
        lines += [f"{role:>{MARGIN}}", *draw(run.curves[role], screen, marks, height=5, log=_log(code, role))]
    return lines


def _log(code: str, role: str) -> bool:
    """Whether the sick or the healthy curve asks for a logarithmic axis, and both can have one."""
    both = [catalogue.example(code, heading).curves.get(role) for heading in _DRAWN]
    values = [curve.value[np.isfinite(curve.value)] for curve in both if curve is not None]
    return any(map(wants_log, values)) and all(bool((value > 0).all()) for value in values)


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
    kind = next((kind for kind in parts.KINDS if name.lower() in parts.names(kind)), "")
    if kind:
        raise Failure(Exit.USAGE, f"`{name}` is no code or cause but a part", f"`optcli parts {kind} {name.lower()}`")
    help = hint(name, known, "`optcli explain --all` lists all codes and causes, `optcli parts` what a recipe can name")
    raise Failure(Exit.USAGE, f"nothing is known as `{name}`", help)
