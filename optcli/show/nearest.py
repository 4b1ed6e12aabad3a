"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from optcli.recipe import spelling


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name most like `word`, or None where nothing is near enough; a typo counts more than a likeness."""
    from difflib import get_close_matches

    names, word = list(known), word[:100].lower()
    typos = spelling.nearest(word, names)
    lower = {name.lower(): name for name in typos or names}
    found = get_close_matches(word, lower, 1, 0.0 if typos else 0.6)
    begins = [name for low, name in lower.items() if len(word) > 1 and low.startswith(word)]
    return lower[found[0]] if found else begins[0] if len(begins) == 1 else None


def hint(word: str, known: Iterable[str], otherwise: str) -> str:
    """`did you mean ...?`, or `otherwise`."""
    name = nearest(word, known)
    return f"did you mean `{name}`?" if name else otherwise
