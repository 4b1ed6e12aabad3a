"""Regularizers. A module has `Options` and `build(options)`; what is built has one or more of the hooks listed here."""

RENAMED: dict[str, str] = {}
