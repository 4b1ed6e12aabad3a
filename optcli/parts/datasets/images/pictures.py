"""Pictures from files to bytes, all of one size and number of channels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets import Splits
from optcli.parts.datasets._leaks import shared
from optcli.parts.datasets.images.listing import Listing, Picture

if TYPE_CHECKING:
    import numpy.typing as npt

    from optcli.parts.datasets.images import Options

GRAY: Final = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L")
"""Pillow's modes of pictures without colour."""
LISTED: Final = 5
"""Damaged files that a message names."""


def _pillow() -> Any:
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ValueError('pictures need Pillow; pip install "optcli[images]"') from error
    return Image, ImageOps


def shape(options: Options, found: Listing) -> tuple[int, int, int]:
    """Channels, height and width, from the options and the first picture's header.

    Raises:
        ValueError: it can't be read, or Pillow is missing.
    """
    return measured(found.pictures[0][0], options.size, options.color)


def measured(source: Any, size: int | None, color: str = "auto") -> tuple[int, int, int]:
    """The same for a picture's path or file of bytes.

    Raises:
        ValueError: as `shape`.
    """
    image, _ = _pillow()
    try:
        with image.open(source) as first:
            gray, turned = first.mode in GRAY, first.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            width, height = first.size[::-1] if turned else first.size
    except (OSError, ValueError, SyntaxError, image.DecompressionBombError) as error:
        name = source if isinstance(source, str) else "the first picture"
        raise ValueError(f"{name}: not a readable picture ({reason(error)}); repair or remove it") from error
    channels = 1 if color == "gray" or (color == "auto" and gray) else 3
    return (channels, size or height, size or width)


def load(options: Options, found: Listing) -> Splits:
    """Both parts; notes tell of pictures that are in both.

    Raises:
        ValueError: some pictures can't be read.
    """
    size = shape(options, found)
    train, val = found.parts(options)
    pool = ThreadPoolExecutor(options.workers or min(8, os.cpu_count() or 1), "optcli-picture")
    if not options.in_memory:
        return _lazy(train, val, size, pool)
    x, y = _read([*train, *val], size, pool)
    at = len(train)

    def called(is_val: bool, number: int) -> str:
        return (val if is_val else train)[number][0]

    return Splits(x[:at], y[:at], x[at:], y[at:], shared(x[:at], x[at:], called))


def _lazy(train: list[Picture], val: list[Picture], size: tuple[int, int, int], pool: ThreadPoolExecutor) -> Splits:
    import numpy as np

    from optcli.parts.datasets.images.lazy import Pictures, copies

    paths = [[path for path, _ in part] for part in (train, val)]
    x: Any = [Pictures(part, size, pool) for part in paths]
    y = [np.array([label for _, label in part], np.int64) for part in (train, val)]
    return Splits(x[0], y[0], x[1], y[1], copies(*paths))


def _read(
    pictures: Sequence[Picture], size: tuple[int, int, int], pool: ThreadPoolExecutor
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Pictures (N, channels, height, width) as bytes, and labels. Decoding holds no lock, so threads share the work."""
    import numpy as np

    x = np.empty((len(pictures), *size), np.uint8)

    def fill(number: int) -> str:
        path = pictures[number][0]
        try:
            x[number] = decoded(path, size)
        except Exception as error:  # Pillow's decoders raise of all kinds on damaged files
            return f"{path} ({reason(error)})"
        return ""

    with pool:
        bad = list(filter(None, pool.map(fill, range(len(pictures)))))
    if bad:
        raise ValueError(told(bad))
    return x, np.array([label for _, label in pictures], np.int64)


def told(bad: list[str]) -> str:
    """What to say of pictures that can't be read."""
    listed = ", ".join(bad[:LISTED]) + (" ..." if len(bad) > LISTED else "")
    count = "1 picture" if len(bad) == 1 else f"{len(bad):,} pictures"
    return f"{count} can't be read: {listed}; repair or remove"


def decoded(path: Any, size: tuple[int, int, int]) -> npt.NDArray[Any]:
    """(channels, height, width) as bytes, upright; of a path or a file of bytes."""
    import numpy as np

    image, operations = _pillow()
    channels, height, width = size
    with image.open(path) as opened:
        picture = opened
        if opened.mode.startswith("I"):  # 16 bits: converting would cut off all above 255
            picture = image.fromarray((np.asarray(opened).astype(np.uint32) >> 8).astype(np.uint8))
        picture = operations.exif_transpose(picture).convert("L" if channels == 1 else "RGB")
        if picture.size != (width, height):
            picture = operations.fit(picture, (width, height), image.Resampling.BILINEAR)
    return np.asarray(picture).reshape(height, width, channels).transpose(2, 0, 1)


def reason(error: BaseException) -> str:
    """Why a picture can't be read, in few words."""
    return str(error).split(":")[0].split(" '")[0].lower() or type(error).__name__
