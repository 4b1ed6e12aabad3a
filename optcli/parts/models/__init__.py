"""Models: one module each, with `Options` and `build`."""

RENAMED: dict[str, str] = {}
