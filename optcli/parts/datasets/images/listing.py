"""Which pictures there are, of which class, and in which part."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optcli.parts.datasets._split import held_out

if TYPE_CHECKING:
    from optcli.parts.datasets.images import Options

ENDINGS: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm")
TRAINING: Final = "train"
VALIDATION: Final = ("val", "valid", "validation")
Picture = tuple[str, int]
"""Path and the class's number."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The pictures of a folder, sorted by class and path."""

    folder: str
    classes: tuple[str, ...]
    pictures: list[Picture]
    validation: list[Picture] | None
    """Those of the folder for validation; None where there is none."""

    def parts(self, options: Options) -> tuple[list[Picture], list[Picture]]:
        """For training and for validation.

        Raises:
            ValueError: too few pictures for two parts.
        """
        if self.validation is not None:
            return self.pictures, self.validation
        chosen = set(held_out([label for _, label in self.pictures], options.validation, options.split_seed))
        if not chosen:
            raise ValueError(f"{self.folder}: every class has one picture only, too few for a validation part")
        train = [one for n, one in enumerate(self.pictures) if n not in chosen]
        return train, [one for n, one in enumerate(self.pictures) if n in chosen]


def listing(options: Options) -> Listing:
    """List the folder; it is done anew each time, as no date of a folder tells that something deep in it changed.

    Raises:
        OSError, ValueError: see `optcli.parts.datasets.images.facts`.
    """
    folder = os.path.expanduser(options.folder)
    inside = _folders(folder)
    val = next((name for name in VALIDATION if name in inside), None)
    base = os.path.join(folder, TRAINING) if TRAINING in inside else folder
    if val is not None and base == folder:
        raise ValueError(f"{folder}: there is a folder `{val}` but none called `{TRAINING}`; add it, or rename `{val}`")
    classes = _folders(base)
    if len(classes) < 2:
        found = f"only `{classes[0]}`" if classes else "none"
        raise ValueError(f"{base}: pictures need one subfolder a class, at least two; there is {found}")
    pictures = _pictures(base, classes)
    held = None if val is None else _held(os.path.join(folder, val), classes)
    return Listing(folder, tuple(classes), pictures, held)


def _held(base: str, classes: list[str]) -> list[Picture]:
    stray = sorted(set(_folders(base)) - set(classes))
    if stray:
        raise ValueError(
            f"{os.path.join(base, stray[0])}: no such class in training; there is {', '.join(classes[:20])}"
        )
    return _pictures(base, [name if os.path.isdir(os.path.join(base, name)) else "" for name in classes])


def _folders(base: str) -> list[str]:
    with os.scandir(base) as entries:
        return sorted(one.name for one in entries if one.is_dir() and not one.name.startswith((".", "__")))


def _pictures(base: str, classes: list[str]) -> list[Picture]:
    """All pictures of the classes; one called "" has none."""
    found: list[Picture] = []
    for label, name in enumerate(classes):
        paths = _below(os.path.join(base, name)) if name else []
        if name and not paths:
            raise ValueError(f"{os.path.join(base, name)}: no pictures in it; known endings are {', '.join(ENDINGS)}")
        found += [(path, label) for path in paths]
    return found


def _below(folder: str) -> list[str]:
    walk = os.walk(folder, onerror=_refuse, followlinks=True)
    names = (os.path.join(at, name) for at, _, inside in walk for name in inside if not name.startswith("."))
    return sorted(name for name in names if name.lower().endswith(ENDINGS))


def _refuse(error: OSError) -> None:
    raise error
