"""The codes of notes on the log itself: what readers and assembly met and what they made of it. All are `info`."""

from __future__ import annotations

from typing import Final

from optcli.run.curve import Note

UNREADABLE: Final = "RUN700"
SEAM: Final = "RUN701"
OVERLAP: Final = "RUN702"
GAPS: Final = "RUN703"
TOO_SHORT: Final = "RUN704"
DIRECTION: Final = "RUN706"
SCALE_CHANGED: Final = "RUN707"
ROW_ORDER: Final = "RUN710"
DAMAGED: Final = "RUN711"
UNFINISHED: Final = "RUN712"
THINNED: Final = "RUN713"
FINAL_EVALUATION: Final = "RUN714"
NOT_MEASURED: Final = "RUN715"
HIDDEN_NONFINITE: Final = "RUN716"
SEVERAL_WRITERS: Final = "RUN717"
PLACED: Final = "RUN718"
GAME: Final = "RUN719"
NO_NAMES: Final = "RUN720"
BY_SCORE: Final = "RUN721"

CODES: Final = {
    UNREADABLE: "there is no curve at this path; the reason says what was found instead",
    SEAM: "the log goes on after a restart; a jump there need not come from the training",
    OVERLAP: "some steps were logged more than once; the later values count",
    GAPS: "points are missing in the middle of the log, or all of them are far apart",
    TOO_SHORT: "there is no loss in the log, or too little of it to judge the run",
    DIRECTION: "a metric gets worse while the loss of the same data gets better; its name may mean the opposite",
    SCALE_CHANGED: "from a restart on the loss is a multiple of what it was; levels can't be compared across it",
    ROW_ORDER: "the log has no usable step column; its rows are counted instead",
    DAMAGED: "part of the file could not be used; byte offsets are given",
    UNFINISHED: "the last line or record is not complete yet, so its unsure values wait",
    THINNED: "too many points to keep; each bucket keeps its first, last, lowest, highest, median, non-finite count",
    FINAL_EVALUATION: "a second value at the last step is a final evaluation and not part of the curve",
    NOT_MEASURED: "a column of zeros that were never measured was left out",
    HIDDEN_NONFINITE: "the framework wrote a loss of 0 in place of a non-finite one; it is read as NaN",
    PLACED: "a curve counts epochs beside one of steps; it is put where its clock says",
    GAME: "networks learn by playing, or against each other (GAN; actor and critic): no loss says how well they do",
    NO_NAMES: "the log has no names above its numbers; which column is the loss is a guess, and `--map` corrects it",
    BY_SCORE: "there is no loss in the log; what a score lacks to a perfect one is judged in its place",
    SEVERAL_WRITERS: "several processes wrote into one run directory at the same time",
}
"""Code -> what it means, for `explain`."""


def note(code: str, message: str) -> Note:
    """A note; its code is one of `CODES`."""
    if code not in CODES:
        raise KeyError(code)
    return Note(code, message)
