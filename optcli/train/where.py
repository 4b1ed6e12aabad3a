"""Which run directory a training gets, and whether an interrupted run may go on in it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optcli.exits import Exit, Failure
from optcli.recipe import loads
from optcli.recipe.recipe import Recipe
from optcli.show import words
from optcli.train.rundir import RunDir, find_unfinished

_HERE = {"train.epochs", "train.steps", "train.keep", "train.threads", "train.device"}
"""What may differ when a run goes on: its length (if longer), and what belongs to the machine."""


def directory(recipe: Recipe, run_dir: Path | None, resume: bool, base: Path) -> RunDir:
    """The run directory, locked.

    Raises:
        Failure: with `resume` and without `run_dir`, not exactly one unfinished run of this recipe is there.
        CannotCreate, LockHeld: see `RunDir`.
    """
    if run_dir is not None:
        return RunDir.open(run_dir, resume=resume)
    if not resume:
        return RunDir.create(base, recipe.name)
    found = find_unfinished(base, recipe.name)
    if len(found) == 1:
        return RunDir.open(found[0], resume=True)
    if not found:
        raise Failure(Exit.USAGE, f"no unfinished run of `{recipe.name}` in {base}", "leave --resume out to begin one")
    listed = ", ".join(map(str, found))
    raise Failure(
        Exit.USAGE, f"{len(found)} unfinished runs of `{recipe.name}`: {listed}", "choose one by --run-dir DIR"
    )


@contextmanager
def reserved(recipe: Recipe, run_dir: Path | None, resume: bool, base: Path) -> Iterator[RunDir]:
    """`directory`, given back at the end; a new one in which no training began disappears again."""
    place = directory(recipe, run_dir, resume, base)
    try:
        yield place
    finally:
        place.close()
        if run_dir is None and not place.holds_run():
            shutil.rmtree(place.path, ignore_errors=True)
            link = place.path.parent / "latest"
            if link.is_symlink() and not link.exists():
                link.unlink()


def going_on(run_dir: Path) -> str:
    """The command that goes on with a run, with the user's own files that it began with."""
    try:
        known = json.loads((run_dir / "environment.json").read_text(encoding="utf-8"))
        files = [str(one["path"]) for one in known["imports"]]
    except (OSError, ValueError, LookupError, TypeError):
        files = []
    near = [file if (short := os.path.relpath(file)).startswith("..") else short for file in files]
    flags = [word for file in near for word in ("--import", file)]
    return words.typed(["optcli", "train", "--resume", "--run-dir", str(run_dir), *flags])


def stored(run_dir: Path) -> Recipe:
    """The recipe that a run directory was made with.

    Raises:
        Failure: there is none.
    """
    file = run_dir / "recipe.yaml"
    try:
        return loads(file.read_text(encoding="utf-8"), str(file))
    except FileNotFoundError as error:
        raise Failure(Exit.USAGE, f"{run_dir}: no run to go on with", "name a recipe to begin one") from error


def must_agree(recipe: Recipe, before: Recipe) -> None:
    """A run goes on with the recipe it began with; only longer is allowed.

    Raises:
        Failure: names the keys that differ.
    """
    old, new = before.to_dict(), recipe.to_dict()
    differ = [path for path in _differing(old, new) if path not in _HERE]
    if recipe.plan().steps < before.plan().steps:
        differ.append("train.steps" if recipe.train.steps else "train.epochs")
    if differ:
        listed = ", ".join(differ)
        raise Failure(Exit.USAGE, f"the recipe differs from the run's: {listed}", "only a longer training may differ")


def _differing(old: object, new: object, path: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = dict.fromkeys([*old, *new])
        return [p for k in keys for p in _differing(old.get(k), new.get(k), f"{path}.{k}" if path else k)]
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(v, dict) for v in [*old, *new]):
        return _differing({v["name"]: v for v in old}, {v["name"]: v for v in new}, path)
    return [] if old == new else [path]
