"""Scalars by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema): reading and writing.

PyYAML follows YAML 1.1, where `1e-3` is a text, `on` is true, `012` is ten and `12:30` is 750.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Any, Final

_WORDS: Final[dict[str, Any]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NAN: Final = re.compile(r"\.(nan|NaN|NAN)")
_DIGITS: Final = 400
"""Longer numbers are refused: a float has at most 309 digits before the point, and Python reads long ones slowly."""
_BARE: Final = re.compile(r"[A-Za-z0-9_./][\w./%+-]*( [\w./%+-]+)*", re.ASCII)
"""Texts that need no quotes in any place, if they don't read as another kind of value."""


def read(text: str) -> Any:
    """The value of an unquoted scalar: None, bool, int, float or the text itself.

    Raises:
        ValueError: a number of more than 400 digits, or one too large for a float.
    """
    if text in _WORDS:
        return _WORDS[text]
    number = _number(text)
    return text if number is None else number


def _number(text: str) -> int | float | None:
    if _INFINITE.fullmatch(text) or _NAN.fullmatch(text):
        return float(text.replace(".", ""))
    base = 8 if _OCTAL.fullmatch(text) else 16 if _HEX.fullmatch(text) else 10
    whole = base != 10 or _INT.fullmatch(text) is not None
    if not whole and _FLOAT.fullmatch(text) is None:
        return None
    if len(text) > _DIGITS:
        raise ValueError("a number of more than 400 digits")
    number = int(text, 0 if base != 10 else 10) if whole else float(text)
    if abs(number) > sys.float_info.max:
        raise ValueError("a number above 1.8e308, the largest there is")
    return number


def write(value: Any) -> str:
    """One line of YAML, in flow style, that reads back as the same value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write_text(str(k))}: {write(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write(v) for v in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return write_float(float(value))
    return str(int(value)) if isinstance(value, int) else write_text(str(value))


def write_float(value: float) -> str:
    """The shortest form that reads back as the same bits."""
    if math.isfinite(value):
        return repr(value)
    return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"


def write_text(text: str) -> str:
    """A text, in quotes where it would otherwise read as something else."""
    if _BARE.fullmatch(text) and isinstance(_quiet(text), str):
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _quiet(text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return None


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
