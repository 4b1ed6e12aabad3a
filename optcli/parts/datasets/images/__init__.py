"""Your own pictures: a folder with one subfolder a class.

    pets/cat/001.jpg   pets/cat/002.jpg   pets/dog/a.png ...

    data: {name: images, folder: pets, size: 64, batch_size: 64}

Folders `train` and `val` (or `valid`, `validation`) in it, each with the classes' subfolders, are taken as the two
parts; else a share of each class is for validation. PNG, JPEG, BMP, GIF, TIFF, WebP and PNM files are read, at any
depth; hidden files and other endings are passed over. Pictures of other sizes are scaled and cropped at the centre.
They are kept as bytes, a quarter of what numbers would take, and brought to -1 .. 1 batch by batch; with
`in_memory: false` they stay in their files. A picture that is in both parts is reported (up to 1 GiB where they are
read beforehand).

Needs Pillow: `pip install "optcli[images]"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from optcli.parts.datasets import Splits
from optcli.parts.datasets.images import listing, pictures
from optcli.parts.facts import Facts
from optcli.units import STRICT


@dataclass(frozen=True)
class Options:
    __pydantic_config__ = STRICT

    folder: str
    """Where the classes' folders are."""
    size: Annotated[int, Ge(4), Le(4096)] | None = None
    """Height and width in pixels that all pictures get; by default those of the first picture."""
    color: Literal["auto", "gray", "rgb"] = "auto"
    """One channel or three; by default what the first picture has."""
    validation: Annotated[float, Gt(0), Lt(1)] = 0.2
    """Share of each class that is for validation, where there is no folder for it."""
    split_seed: int = 0
    """Another number draws other validation pictures. The recipe's `seed` doesn't touch it."""
    in_memory: bool = True
    """Read all pictures before training; if not, each when its batch comes, the next batch while one is trained on."""
    workers: Annotated[int, Ge(1), Le(256)] | None = None
    """Threads that read pictures, by default one a core, at most 8; the order of the samples doesn't depend on them."""


def facts(options: Options) -> Facts:
    """Sizes and classes from listing the folder, shape from the first picture's header.

    Raises:
        OSError: the folder can't be listed.
        ValueError: there are no classes or no pictures in it, the first one can't be read, or Pillow is missing.
    """
    found = listing.listing(options)
    train, val = found.parts(options)
    shape = pictures.shape(options, found)
    return Facts("classification", len(train), len(val), shape, len(found.classes), names=found.classes)


def load(options: Options, seed: int) -> Splits:
    """Pictures (N, channels, height, width) as bytes and labels (N,); `seed` has no effect.

    Raises:
        OSError, ValueError: as `facts`; or pictures can't be read, the first of which are named.
    """
    return pictures.load(options, listing.listing(options))
