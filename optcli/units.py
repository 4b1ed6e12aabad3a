"""Quantities with units that recipes name: durations, and the number ranges that options are limited to."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from annotated_types import Ge, Gt, Le, Lt

if TYPE_CHECKING:  # pydantic takes 160 ms to import and is needed for recipes alone
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

STRICT: Final = {"extra": "forbid", "allow_inf_nan": False}
"""`__pydantic_config__` of every Options class: unknown keys and non-finite numbers are mistakes."""


class Percent:
    """Beside a share's limits: recipes may write it as `30%`, too."""

    @staticmethod
    def read(value: Any) -> Any:
        """The share that a text in percent means; anything else as it is."""
        match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        return float(match[1]) / 100 if match else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """For editors: a number, or a text in percent."""
        return {"anyOf": [handler(schema), {"type": "string", "pattern": r"^\s*[0-9.]+\s*%\s*$"}]}


Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1), Percent()]
"""From 0 to 1, both included; `30%` is 0.3."""
Rate = Annotated[float, Ge(0), Lt(1)]
"""From 0 to below 1: a dropout rate, a momentum."""
Count = Annotated[int, Ge(1)]

_PERCENT: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*%\s*")
_FORM: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(%|steps?|ep|epochs?)?\s*")
_UNITS: Final[dict[str, Literal["steps", "epochs", "share"]]] = {
    "": "steps", "step": "steps", "steps": "steps", "ep": "epochs", "epoch": "epochs", "epochs": "epochs", "%": "share",
}  # fmt: skip


def _digits(value: float, share: float | None = None) -> str:
    """The shortest digits, never with an exponent, that `Duration.parse` reads back as the same value."""
    exact = (f"{value:.{digits}g}" for digits in range(1, 18))
    good = (d for d in exact if (float(d) == value if share is None else float(d) / 100 == share))
    return f"{Decimal(next(good, repr(value))):f}"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of training: `500` or `500 steps`, `3 epochs`, or `5%` of the run.

    `value` counts steps, epochs, or is a share from 0 to 1, as `unit` says.
    """

    value: float
    unit: Literal["steps", "epochs", "share"] = "steps"

    @classmethod
    def parse(cls, text: int | float | str | Duration) -> Duration:
        """Read `500`, `"500 steps"`, `"3 epochs"`, `"5%"`.

        Raises:
            ValueError: not of that form, negative, not a whole number of steps, or above 100 %.
        """
        if isinstance(text, Duration):
            return text
        match = _FORM.fullmatch(str(text)) if not isinstance(text, bool) else None
        if match is None:
            raise ValueError(f"{text!r} is not a duration: write steps (500), epochs (3 epochs) or a share (5%)")
        value, unit = float(match[1]), _UNITS[match[2] or ""]
        if unit == "share" and value > 100:
            raise ValueError(f"{text!r} is more than the whole run")
        if unit == "steps" and value != int(value):
            raise ValueError(f"{text!r} is not a whole number of steps")
        return cls(value / 100 if unit == "share" else value, unit)

    def steps(self, total: int, per_epoch: int) -> int:
        """The duration in optimizer steps, of a run of `total` steps with `per_epoch` steps an epoch."""
        scale = {"steps": 1, "epochs": per_epoch, "share": total}[self.unit]
        return math.ceil(round(self.value * scale, 9))

    def __str__(self) -> str:
        if self.unit == "share":
            return _digits(self.value * 100, self.value) + "%"
        unit = "" if self.unit == "steps" else " epoch" if self.value == 1 else " epochs"
        return _digits(self.value) + unit

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let recipes write a duration as a number or a text; it is written back as it was meant."""
        from pydantic_core import core_schema

        plain = core_schema.to_string_ser_schema()
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=plain)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """For editors: a whole number of steps or a text of the form that `parse` reads."""
        text = {"type": "string", "pattern": r"^\s*[0-9.]+\s*(%|steps?|ep|epochs?)?\s*$"}
        return {"anyOf": [{"type": "integer", "minimum": 0}, text], "description": "500, 3 epochs or 5%"}
