"""One file per log format. A reader has `sniff` and `blocks`; the folder listing is the registry."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Any, Final

from optcli.run.block import Reader

OFTEN: Final = ("journal", "catboost", "csv", "jsonl", "tfevents")
"""Asked first, so that the common case imports few modules; and CatBoost's before that of any table, which is sure
enough of its files for nobody else to be asked. Only the order: any reader may win."""
SURE: Final = 0.8
"""After a score like this nobody else is asked: more than the little that unrelated formats ever give each other."""


@cache
def names() -> tuple[str, ...]:
    """All readers, those most often met first."""
    here = {file.removesuffix(".py") for file in os.listdir(__path__[0]) if file.endswith(".py") and file[0] != "_"}
    return (*(name for name in OFTEN if name in here), *sorted(here - set(OFTEN)))


@cache
def load(name: str) -> Any:
    """The reader's module."""
    return import_module(f"{__name__}.{name}")


def recognize(head: bytes, name: str) -> tuple[str, float]:
    """The reader that is surest of this beginning of a file, and how sure it is (0: nobody knows it)."""
    best, sure = "", 0.0
    for one in names():
        reader: Reader = load(one)
        score = reader.sniff(head, name)
        if score > sure:
            best, sure = one, score
        if sure >= SURE:
            break
    return best, sure
