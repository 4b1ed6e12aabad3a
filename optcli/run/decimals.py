"""Decimal numbers in text -> float64, as exactly as `float` reads them, a whole column of cells at a time.

Eight digits at once are turned into a number by three multiplications (Lemire, arXiv:2101.11408, section 4). A number
of up to 2^53 divided by a power of ten up to 10^22 is rounded once only (Clinger, doi:10.1145/93542.93557); longer ones
are divided in 80 bits, and those that fall on the middle between two doubles are left to `float`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optcli.run.curve import Floats

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_ZEROS: Final = np.uint64(0x3030303030303030)
_OVER: Final = np.uint64(0x7676767676767676)
"""Added to a digit it leaves the top bit clear, added to anything greater it doesn't."""
_TOPS: Final = np.uint64(0x8080808080808080)
_LAST: Final = np.array([0, *(((1 << 8 * n) - 1) << (64 - 8 * n) for n in range(1, 9))], np.uint64)
"""Masks for the last n of eight bytes."""
PAD: Final = 24
"""Bytes before the first cell, so that the longest number can be loaded whole; more digits than that are left."""
_HIGHEST: Final = 1800
"""Of digits before the last sixteen; above that a number doesn't fit into 64 bits."""
_EXACT: Final = 1 << 53
_TENS: Final = 10.0 ** np.arange(23)
_LONG: Final = np.longdouble(10) ** np.arange(28)
EXTENDED: Final = np.finfo(np.longdouble).nmant == 63 and np.dtype(np.longdouble).itemsize == 16
"""Whether there are floats of 80 bits (x86)."""


def decimals(buffer: Bytes, begin: Places, end: Places) -> tuple[Floats, Mask]:
    """The numbers in the cells `buffer[begin:end]`, shape (n,), and which are plain decimal numbers; the rest means
    nothing.

    The cells stand in order behind at least PAD bytes; between them is no digit, no point and no letter.
    """
    point = buffer == ord(".")
    before, inside, fraction = _points(point, end)
    good = inside <= 1
    negative = buffer[begin] == ord("-")
    buffer = buffer[~point]
    begin = begin + negative - (before - inside)
    end = end - before
    exponent, length = _exponents(buffer, end, good)
    end -= length
    fraction -= np.where(inside > 0, length, 0)
    length = end - begin
    good &= (length > 0) & (length <= PAD) & (fraction >= 0)
    value = _scaled(_whole(buffer, end, length, good), exponent - fraction, good)
    np.negative(value, out=value, where=negative)
    return value, good


def _points(point: Mask, end: Places) -> tuple[Places, Places, Places]:
    """For each cell the points before its end, how many of them are inside, and the bytes behind the last of these."""
    stop = point.copy()
    stop[end] = True
    places = np.flatnonzero(stop)
    ends = np.flatnonzero(~point[places])
    before = ends - np.arange(len(ends))
    inside = np.diff(before, prepend=0)
    return before, inside, np.where(inside > 0, end - places[ends - 1] - 1, 0)


def _exponents(buffer: Bytes, end: Places, good: Mask) -> tuple[Any, Any]:
    """The powers of ten behind an `e` and the bytes they take; a cell where none is behind it is no longer `good`."""
    places = np.flatnonzero((buffer | 0x20) == ord("e"))
    if not len(places):
        return 0, 0
    cell = np.searchsorted(end, places)
    good[cell[1:][cell[1:] == cell[:-1]]] = False
    sign = buffer[places + 1]
    digits = end[cell] - places - 1 - ((sign == ord("-")) | (sign == ord("+")))
    good[cell] &= (digits > 0) & (digits <= 3)
    fine = good[cell]
    found, bad = _eight(_words(buffer, end[cell[fine]], 1), digits[fine])
    good[cell[fine]] = ~bad
    power, length = np.zeros((2, len(end)), np.int64)
    power[cell[fine]] = np.where(sign[fine] == ord("-"), -1, 1) * found.astype(np.int64)
    length[cell] = end[cell] - places
    return power, length


def _words(buffer: Bytes, end: Places, number: int) -> Any:
    """The last (1), last but one (2) ... eight bytes before each place as one integer, the first byte the lowest."""
    return np.ndarray((len(buffer) - 7,), "<u8", buffer, strides=(1,))[end - 8 * number]


def _eight(words: Any, count: Any) -> tuple[Any, Mask]:
    """The numbers that the last `count` of eight bytes write, and where these bytes aren't all digits."""
    x = (words ^ _ZEROS) & _LAST[count]
    bad = ((x + _OVER) | x) & _TOPS != 0
    x = (x * np.uint64(2561)) >> np.uint64(8)
    x = ((x & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601)) >> np.uint64(16)
    return ((x & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001)) >> np.uint64(32), bad


def _whole(buffer: Bytes, end: Places, length: Places, good: Mask) -> Any:
    """The digits before each place as one integer of 64 bits."""
    length = np.where(good, length, 0)
    value, bad = _eight(_words(buffer, end, 1), np.minimum(length, 8))
    good &= ~bad
    for number, scale in ((2, 10**8), (3, 10**16)):
        more = np.flatnonzero(length > 8 * (number - 1))
        if not len(more):
            break
        part, bad = _eight(_words(buffer, end[more], number), np.minimum(length[more] - 8 * (number - 1), 8))
        good[more] &= ~bad & ((number == 2) | (part < _HIGHEST))
        value[more] += part * np.uint64(scale)
    return value


def _scaled(whole: Any, power: Places, good: Mask) -> Floats:
    """Integers times powers of ten, rounded once."""
    size = np.abs(power)
    tens = _TENS[np.minimum(size, 22)]
    value = whole.astype(np.float64)
    value = np.asarray(np.where(power < 0, value / tens, value * tens))
    long = np.flatnonzero(good & ((whole > _EXACT) | (size > 22)))
    if len(long):
        value[long], good[long] = _rounded_twice(whole[long], power[long])
    return value


def _rounded_twice(whole: Any, power: Places) -> tuple[Floats, Mask]:
    """The same by way of 80 bits, and where that gives the right double."""
    size = np.abs(power)
    if not EXTENDED:
        return np.zeros(len(whole)), np.zeros(len(whole), bool)
    value, tens = whole.astype(np.longdouble), _LONG[np.minimum(size, 27)]
    value = np.where(power < 0, value / tens, value * tens)
    # The 11 bits that a double lacks: at their middle the first rounding may have hidden which way the second must go.
    rest = np.ascontiguousarray(value).view(np.uint64)[::2] & np.uint64(0x7FF)
    return value.astype(np.float64), (size <= 27) & (rest != 0x400)
