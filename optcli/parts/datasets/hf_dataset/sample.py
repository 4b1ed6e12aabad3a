"""What a column of a Hugging Face data set holds, by its feature and its first row."""

from __future__ import annotations

from typing import Any

from optcli.parts.datasets.images import pictures


def kind(feature: Any) -> str:
    """`picture`, `text`, `list`, `numbers`, or nothing that can be learned from."""
    name = type(feature).__name__
    if name in ("Image", "List", "LargeList", "Sequence") or name.startswith("Array"):
        return "picture" if name == "Image" else "list"
    dtype = str(getattr(feature, "dtype", ""))
    if dtype in ("string", "large_string"):
        return "text"
    return "numbers" if dtype.startswith(("int", "uint", "float", "bool")) else ""


def shape(rows: Any, kind: str, inputs: tuple[str, ...], size: int | None) -> tuple[int, ...]:
    """One sample's shape; not of a text."""
    if kind == "numbers":
        return (len(inputs),)
    if kind == "picture":
        return pictures.measured(source(undecoded(rows, inputs[0])[0][inputs[0]]), size)
    first, found = rows[0][inputs[0]], []
    while isinstance(first, list):
        found.append(len(first))
        first = first[0] if first else None
    return (1, *found) if len(found) == 2 else tuple(found)


def length(rows: Any, column: str) -> int:
    """Bytes of all texts, each with a line end."""
    return sum(len(text.encode()) + 1 for text in rows[column][:] if text is not None)


def undecoded(rows: Any, column: str) -> Any:
    """The rows, whose pictures are given as path and bytes."""
    feature = rows.features[column]
    return rows.cast_column(column, type(feature)(decode=False))


def source(picture: Any) -> Any:
    """What Pillow opens: a path or a file of bytes."""
    import io

    return io.BytesIO(picture["bytes"]) if picture["bytes"] is not None else picture["path"]
