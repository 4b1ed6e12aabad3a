"""The recipes that come with optcli."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _folder() -> Path:
    """`_recipes` inside an installed package, else `recipes` of the checkout."""
    installed = _PACKAGE / "_recipes"
    return installed if installed.is_dir() else _PACKAGE.parent / "recipes"


def names() -> list[str]:
    """Names of the bundled recipes, such as `fashion` and `sick/overfit`."""
    folder = _folder()
    return sorted(file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.yaml"))


def path(name: str) -> Path:
    """The file of a bundled recipe.

    Raises:
        LookupError: there is none of that name.
    """
    if name not in names():
        raise LookupError(f"no bundled recipe `{name}`")
    return _folder() / f"{name}.yaml"


def inside(file: str) -> str | None:
    """`sick/collapsed.yaml` for the file of a bundled recipe, None for any other."""
    folder = f"{_folder()}/"
    return file.removeprefix(folder) if file.startswith(folder) else None
