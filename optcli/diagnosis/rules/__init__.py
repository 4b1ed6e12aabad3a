"""One file per code: what can be seen in curves. Rules know no cause.

A rule is a module named `<code>_<name>.py`. Its docstring is what `optcli explain` prints; besides `check` it says

- `SEVERITY`: `error`, `warning` or `info`, of its findings; `info` may be said of a mild case by a rule that warns
- `STATUS`: `stable`, or `preview` where the figures behind it are thin
- `NEEDS`: roles of curves without which it isn't asked (`loss` stands for the headline curve)
- `POINTS`: points of the first needed curve below which it isn't asked
- `AT_END`: optional; True for what can be said of an ended run alone
- `VARIES`: optional; what the verdict may depend on, of `scale`, `shift` and `steps`
- `CONSTANT`: optional; True for a rule that may speak on a curve that never moves
- `gone(finding, view)`: optional; whether what isn't found any more is over, and not just below what it takes
- `passes(finding)`: optional; whether a finding is of no account, and `info`, once it has healed: a state, no event
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from optcli.diagnosis.diagnosis import Abstain, Finding, Severity
    from optcli.diagnosis.view import View

RENAMED: Final[dict[str, str]] = {}
"""Old file name -> new one, so that no public name vanishes silently."""

_FILE: Final = re.compile(r"([a-z]{3}\d{3})_([a-z0-9_]+)")


class Rule(Protocol):
    """What a rule's module offers."""

    __name__: str
    __doc__: str
    SEVERITY: Severity
    STATUS: str
    NEEDS: tuple[str, ...]
    POINTS: int

    @staticmethod
    def check(view: View) -> list[Finding] | Abstain:
        """Findings in what `view` shows of the run, or why none can be made."""


@cache
def files() -> dict[str, Path]:
    """Code -> file of every rule; nothing is imported."""
    here = Path(__file__).parent
    found = (_FILE.fullmatch(m.name) for m in pkgutil.iter_modules([str(here)]))
    return {match[1].upper(): here / f"{match[0]}.py" for match in sorted(filter(None, found), key=lambda m: m[1])}


def name_of(module: str) -> tuple[str, str]:
    """`('OPT101', 'oscillating-loss')` of a module's or file's name `opt101_oscillating_loss`."""
    match = _FILE.fullmatch(module.rpartition(".")[2])
    if match is None:
        raise ValueError(f"{module!r} is not named like a rule")
    return match[1].upper(), match[2].replace("_", "-")


@cache
def load(code: str) -> Rule:
    """The rule of that code, imported.

    Raises:
        KeyError: there is no such code.
    """
    return cast(Rule, import_module(f"{__name__}.{files()[code].stem}"))


def chosen(select: Sequence[str] | None = None, ignore: Sequence[str] = ()) -> list[str]:
    """Codes that start with one of `select` (None: all) and with none of `ignore`."""
    wanted = tuple(s.upper() for s in select) if select is not None else ("",)
    unwanted = tuple(s.upper() for s in ignore)
    return [code for code in files() if code.startswith(wanted) and not code.startswith(unwanted)]
