"""What the place of output can take: how wide it is, whether it shows colours, whether it shows more than ASCII."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from typing import Any, Final, TextIO

NARROW, WIDE = 36, 120
"""Columns: below the first nothing can be drawn; above the second, the eye loses the line."""

_STYLES: Final = {
    "error": "1;31", "warning": "33", "info": "36", "healthy": "1;32", "ill": "1;31", "unknown": "33",
    "unreadable": "1;31", "bold": "1", "dim": "2", "title": "1;4", "code": "36",
}  # fmt: skip
"""SGR codes. Yellow is not bold, since bold is bright in many terminals, and bright yellow is lost on white."""
_ASCII: Final = str.maketrans({"…": "...", "–": "-", "×": "x", "·": "-", "→": "->", "≤": "<=", "≥": ">=", "σ": "sigma"})


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal, or a pipe or file (`terminal` False: one fact a line, nothing cut, no colours)."""

    terminal: bool = False
    width: int = 100
    colour: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO) -> Screen:
        """The screen behind `stream`; heeds NO_COLOR, TERM=dumb, the locale and the terminal's width."""
        terminal = stream.isatty()
        dumb = os.environ.get("TERM") == "dumb"
        colour = terminal and not dumb and not os.environ.get("NO_COLOR")
        return cls(terminal, min(max(_columns(stream), NARROW), WIDE), colour, _speaks_unicode(stream))

    def paint(self, text: str, style: str) -> str:
        """`text` in the colour of `style` (a severity, a status, `bold`, `dim`), where there are colours."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and text else text

    def fit(self, text: str) -> str:
        """`text` with our own typographic signs replaced where only ASCII can be shown."""
        return text if self.unicode else text.translate(_ASCII)

    def lines(self, text: str, indent: str = "  ") -> list[str]:
        """`text` as it is said while something runs: wrapped on a terminal, one line elsewhere."""
        return self.wrap(text, indent, "") if self.terminal else [text]

    def prose(self, text: str, indent: str = "") -> list[str]:
        """A docstring: its paragraphs filled anew on a terminal, as they stand elsewhere; indented code as it is."""
        lines = []
        for paragraph in text.split("\n\n"):
            if self.terminal and not paragraph.startswith("    "):
                lines += ["", *self.wrap(" ".join(paragraph.split()), indent)]
            else:
                lines += ["", *(f"{indent}{line}" for line in paragraph.splitlines())]
        return lines[1:]

    def wrap(self, text: str, indent: str, first: str | None = None) -> list[str]:
        """`text` in lines of at most the screen's width, indented; paths and words are never broken."""
        return textwrap.wrap(
            text, self.width, initial_indent=indent if first is None else first, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def _columns(stream: TextIO) -> int:
    """The width of the terminal behind the stream, which need not be that of standard output; COLUMNS overrules it."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return 100


def _speaks_unicode(stream: Any) -> bool:
    """Python turns the C locale into UTF-8 (PEP 538), but who set `LANG=C` has a terminal that may not."""
    chosen = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf8") and chosen not in ("C", "POSIX")
