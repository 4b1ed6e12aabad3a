"""A log without a loss, judged by its score instead: what is missing to a perfect one falls as a loss does.

Accuracies, areas under a curve and the like end at 1 (or 100), so `1 - score` has a level to fall to. What is said of
it names the score. Rules that need a loss's own scale aren't asked, and a validation set of few samples isn't listened
to: there one sample more or less is a step of the whole curve.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from optcli.diagnosis import ladder
from optcli.diagnosis.scores import RISING
from optcli.diagnosis.view import View
from optcli.run.curve import Curve, Run, read_only

BOUNDED: Final = RISING - {"psnr", "bleu", "rouge"}
"""Scores of which the best is known."""
FIRST: Final = ("accuracy", "auc", "auroc", "f1")
"""Of several scores the one that is judged."""
PERCENT: Final = 1.5
"""Scores beyond are percentages."""
GRAIN: Final = 1 / 400
"""Least difference of two validations from which on they are of too few samples to be judged by."""
AREAS: Final = ("auc", "auroc")
GUESSED: Final = 0.55
"""Area under the curve of an untrained model, a half, but for luck: trees have learned before their first line."""
TWICE: Final = 2.0
"""Times the score at the start from which on something was learned, however little of the error is gone."""
LEVELS: Final = ("GEN204", "GEN205", "GEN206", "GEN207")
"""Rules that read the levels of two losses, which errors don't share with them."""
FALLS: Final = ("OPT103", "OPT104")
HELD_OUT: Final = ("GEN201", "GEN203", "DAT402")


def judged(run: Run) -> Run:
    """The run itself; if it has a score and no loss, with `1 - score` in the places of the losses."""
    scores = {} if ladder.headline(run) is not None else _scores(run)
    if not scores:
        return run
    errors = {f"{split}/loss": _error(run.curves[role]) for split, role in scores.items()}
    others = {role: curve for role, curve in run.curves.items() if role not in scores.values()}
    return replace(run, curves={**others, **errors})


def _scores(run: Run) -> dict[str, str]:
    """Part of the data -> role, of the score that is there for most parts; accuracy before others.

    One that doesn't say of which part it is was taken on validation data: few measure more than accuracy on others.
    """
    found: dict[str, dict[str, str]] = {}
    for role in run.curves:
        split, _, name = role.rpartition("/")
        if split in ("train", "val", "test", "") and _stem(name) in BOUNDED and len(run.curves[role]):
            found.setdefault(name.lower(), {}).setdefault(split or "val", role)
    places = {name: FIRST.index(name) if name in FIRST else len(FIRST) for name in found}
    best = min(found, key=lambda name: (-len(found[name]), places[name], name), default="")
    return found.get(best, {})


def _stem(name: str) -> str:
    return name.lower().partition("_")[0].rstrip("0123456789@-")


def _error(score: Curve) -> Curve:
    top = 100.0 if np.nanmax(score.value, initial=0.0) > PERCENT else 1.0
    return Curve(ladder.OF_A_SCORE + score.name, score.step, read_only(1.0 - score.value / top), score.time)


def unfit(code: str, view: View) -> str:
    """Why a rule can't judge a headline that is an error, or nothing."""
    if code in LEVELS:
        return "no loss in the log, whose level could be compared"
    if code in HELD_OUT and view.val is not None and _grain(view.val.value) > GRAIN:
        return "a validation set of so few samples that one more or less is a step of the score"
    if code in FALLS:
        return _unclear(view)
    return ""


def _grain(values: np.ndarray) -> float:
    apart = np.diff(np.unique(values.round(9)))
    return float(apart.min()) if len(apart) else 0.0


def _unclear(view: View) -> str:
    first, last = 1.0 - view.loss.start, 1.0 - view.loss.end
    score = view.loss.name.removeprefix(ladder.OF_A_SCORE)
    if _stem(score.rpartition("/")[2]) in AREAS and first > GUESSED:
        return "something was learned before the first value"
    return "the score has doubled" if last >= TWICE * first > 0 else ""
