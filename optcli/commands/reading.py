"""From paths, as typed, to reports: what `diagnose` and `watch` have in common."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from optcli.crash import say
from optcli.diagnosis import catalogue
from optcli.diagnosis.diagnosis import Diagnosis
from optcli.diagnosis.engine import diagnose
from optcli.diagnosis.errors import judged
from optcli.diagnosis.ladder import headline
from optcli.exits import Exit, Failure
from optcli.run.assemble import read
from optcli.run.block import Unreadable
from optcli.run.curve import Note, Run
from optcli.run.memory import Memory
from optcli.run.notes import CODES
from optcli.run.refusal import UNKNOWN
from optcli.show.nearest import hint
from optcli.show.report import Report

MOMENT: Final = 1.0
"""Seconds without a word that nobody minds."""
COLUMNS: Final = 20
"""Names of columns that a help line bears."""
_SUCH_AS: Final = r"such as 'step (?P<step>\d+).* loss (?P<loss>\S+)'"

_ROLES: Final = (
    "train/loss", "val/loss", "train/accuracy", "val/accuracy", "lr", "grad_norm", "update_ratio", "loss_scale",
    "skipped_steps", "nan_steps", "step_time", "data_time", "memory", "throughput", "step",
)  # fmt: skip
_GROUPS: Final = ("train/", "val/", "test/", "grad_norm/", "update_ratio/")
"""What a role may begin with, before the name of a metric or a layer."""


@dataclass
class Read:
    """What came of the paths: a report each run, and what is to be told of the paths that gave none."""

    reports: list[Report] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def status(self) -> int:
        """2 for a missing path, 5 where nothing gave a curve, else 0."""
        if self.missing:
            return Exit.USAGE
        return Exit.DONE if any(report.diagnosis.points for report in self.reports) else Exit.NOTHING_TO_READ

    def complain(self, told: bool = False) -> None:
        """Say on stderr which paths gave nothing and why, unless the reader was `told`, and what may help."""
        wrong = [(path, "no such file or directory") for path in self.missing]
        wrong += [(error.path, error.reason) for error in self.unreadable]
        for path, reason in wrong if not told else ():
            say("error", f"{path}: {reason}")
        if any(error.reason == UNKNOWN for error in self.unreadable):
            say("help", f"any text can be read by --pattern, {_SUCH_AS}")
        lost = [report.run for report in self.reports if report.run and headline(judged(report.run)) is None]
        for run in lost[:1]:
            columns = ", ".join(sorted(run.roles.get(name, name) for name in run.curves)[:COLUMNS])
            say("help", f"--map train/loss=NAME says which column of {run.source} is the loss: {columns}")


def reports(
    paths: Sequence[str],
    mapping: Mapping[str, str] | None = None,
    pattern: str | None = None,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    training: int | None = None,
) -> Read:
    """Read and diagnose every path, in the order given; a bad one costs only itself.

    Raises:
        Failure: `training` is below 1, or a column of the mapping isn't there.
    """
    if training is not None and training < 1:
        raise Failure(Exit.USAGE, f"--training: trainings are counted from 1, not {training}")
    result = Read()
    for path in paths:
        if path != "-" and not os.path.lexists(path):
            result.missing.append(path)
            result.reports.append(_without(path, "no such file or directory"))
            continue
        try:
            with _patience(path):
                runs = read(path, mapping=mapping, pattern=pattern, training=training)
        except Unreadable as error:
            result.unreadable.append(error)
            result.reports.append(_without(path, error.reason))
            continue
        _all_mapped(path, runs, mapping or {})
        result.reports += [
            Report(diagnose(run, select=select, ignore=ignore), run, recipe_of(run.source)) for run in runs
        ]
    return result


@contextmanager
def _patience(path: str) -> Iterator[None]:
    """Say on a terminal, after a moment, what takes so long."""
    if not sys.stderr.isatty():
        yield
        return
    what = "looking for training logs below" if os.path.isdir(path) else "reading"
    timer = threading.Timer(MOMENT, say, ("note", f"{what} {path} ..."))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def pattern(given: str | None) -> str | None:
    """`--pattern`, checked.

    Raises:
        Failure: it is no regular expression, or has no named group.
    """
    try:
        groups = re.compile(given or "(?P<none>)").groupindex
    except re.error as error:
        raise Failure(Exit.USAGE, f"--pattern: no regular expression: {error}", _SUCH_AS) from None
    if not groups:
        raise Failure(Exit.USAGE, "--pattern: no named group, so that nothing would be read", _SUCH_AS)
    return given


def _all_mapped(path: str, runs: Sequence[Run], mapping: Mapping[str, str]) -> None:
    """Whether every column that `--map` names is there, in one of the runs.

    Raises:
        Failure: it isn't; names the nearest.
    """
    known = {name for run in runs for name in (*run.roles.values(), *run.curves)}
    for role, name in mapping.items():
        if name not in known:
            help = hint(name, sorted(known), f"its columns: {', '.join(sorted(known))}")
            raise Failure(Exit.USAGE, f"--map {role}={name}: no such column in {path}", help)


def growing(
    path: str,
    mapping: Mapping[str, str] | None,
    pattern: str | None,
    select: Sequence[str] | None,
    ignore: Sequence[str],
    memory: Memory | None = None,
) -> list[Report]:
    """The runs at `path` as they are now; a run that doesn't say it has ended is taken to go on.

    Raises:
        Unreadable: there is no curve yet.
    """
    runs = read(path, mapping=mapping, pattern=pattern, memory=memory)
    runs = [replace(run, end="running") if run.end == "unknown" else run for run in runs]
    return [Report(diagnose(run, select=select, ignore=ignore), run, recipe_of(run.source)) for run in runs]


def recipe_of(source: str) -> str | None:
    """The recipe of a run directory (or of the directory that a log lies in), if there is one."""
    folder = source if os.path.isdir(source) else os.path.dirname(source)
    file = os.path.join(folder, "recipe.yaml")
    return file if source != "-" and os.path.isfile(file) else None


def _without(path: str, reason: str) -> Report:
    return Report(Diagnosis(path, "", "unreadable", 0, notes=(Note("RUN700", reason),)))


def codes(given: Iterable[str] | None) -> list[str]:
    """Codes and families from `--select OPT101,NUM`; names of codes are understood too.

    Raises:
        Failure: there is no such code or family.
    """
    known = [*catalogue.codes(), *CODES]
    named = {catalogue.rule_name(code): code for code in catalogue.codes()}
    words = [word.strip() for text in given or () for word in text.split(",") if word.strip()]
    return [_code(word, known, named) for word in words]


def _code(word: str, known: Sequence[str], named: Mapping[str, str]) -> str:
    code = named.get(word.lower(), word.upper())
    if not any(name.startswith(code) for name in known):
        help = hint(word, [*known, *named], "`optcli explain --all` lists the codes")
        raise Failure(Exit.USAGE, f"unknown code `{word}`", help)
    return code


def mapping(given: Iterable[str] | None) -> dict[str, str] | None:
    """`--map val/loss=eval_loss` as a dict; `val_loss` is the same role.

    Raises:
        Failure: not of the form ROLE=NAME, or no role that anything is judged by.
    """
    roles = {}
    for text in given or ():
        role, _, name = (part.strip() for part in text.partition("="))
        if not role or not name:
            help = "for example --map val/loss=eval_loss"
            raise Failure(Exit.USAGE, f"--map: `{text}` is not of the form ROLE=NAME", help)
        role = role.replace("_", "/", 1) if role.replace("_", "/", 1) in _ROLES else role
        if role not in _ROLES and not role.startswith(_GROUPS):
            help = hint(role, _ROLES, f"roles: {', '.join(_ROLES)}, or another metric as val/NAME")
            raise Failure(Exit.USAGE, f"--map: unknown role `{role}`", help)
        roles[role] = name
    return roles or None
