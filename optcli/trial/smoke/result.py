"""What one smoke check says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Result:
    """The answer of one check. `figures` are the measured numbers behind the message, by name with unit."""

    status: Literal["pass", "fail", "skip"]
    message: str
    help: str = ""
    """What to look at if it failed."""
    figures: Mapping[str, float] = field(default_factory=dict)
    name: str = ""
    seconds: float = 0.0
