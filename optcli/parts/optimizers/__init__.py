"""Optimizers. A module has `Options` (with `lr`, `weight_decay`, `decay`) and `build(groups, options, device)`."""

RENAMED: dict[str, str] = {}
