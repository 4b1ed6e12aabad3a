"""Validation batch by batch among the lines of a training, as PyTorch's ImageNet example prints it.

`Test: [40/391] Loss 0.91 (0.88) Prec@1 70.1 (75.9)` counts the batches of the validation set, and what stands in
brackets is the mean so far. The last of these lines belongs to the summary below it, ` * Prec@1 76.1`.
"""

from __future__ import annotations

import re
from typing import Final

from optcli.run.pairs import SPLIT, Pairs, pairs
from optcli.run.text import NUMBER

_BEFORE: Final = re.compile(r"\b(test|val|valid|validation|eval|evaluation):? *(?:\[\d{1,9}\] *)?\Z", re.I)
_NEAR: Final = 40
"""Characters before the count in which the word for the data stands."""
_MEAN: Final = re.compile(rf"{NUMBER} *\( *({NUMBER}) *\)")
_SUMMARY: Final = re.compile(r"(?:^|\W)\*{1,3} +(?=[A-Za-z])")


class HeldOut:
    """The last line of validation batches, until its summary comes."""

    def __init__(self) -> None:
        self._word = self._line = ""
        self._now = False

    def counts(self, line: str, at: int) -> bool:
        """Whether the count at this place of a line is one of validation's batches; then the line is kept."""
        word = _BEFORE.search(line[max(0, at - _NEAR) : at])
        if word is not None:
            self._word, self._line, self._now = word[1].lower(), line, True
        return word is not None

    def taken(self) -> bool:
        """Whether the line that was looked at last was one of them."""
        self._now, now = False, self._now
        return now

    def join(self, line: str, said: Pairs, counted: bool) -> Pairs:
        """What a line says, with the means if it is their summary, or a line of training that follows without one."""
        if not self._line:
            return said
        if _SUMMARY.search(line):
            said = pairs(line, self._word)
        elif not (counted and said.headlines()):
            return said
        means, self._line = pairs(_MEAN.sub(r"\1", self._line)).telling(True), ""
        return said._replace(found={n: v for n, v in means.items() if SPLIT.search(n)} | said.found)
