"""The curves that the code blocks under *Example* and *Healthy* build."""

from __future__ import annotations

from typing import Any

import numpy as np

from optcli.run.curve import Curve, read_only


def curves_of(code: str) -> dict[str, Curve]:
    """Run a code block of this package's own documentation and take the arrays that it names.

    The block sees `np` and sets arrays of equal length; `step` is their axis, or else they are counted from 0. It is
    text from a file of this package, never from a log or a recipe.
    """
    names: dict[str, Any] = {"np": np}
    exec(code, names)
    arrays = {name: value for name, value in names.items() if isinstance(value, np.ndarray) and value.ndim == 1}
    return {
        name: Curve(name, read_only(arrays.get("step", np.arange(len(values)))), read_only(values))
        for name, values in arrays.items()
        if name != "step" and not name.startswith("_")
    }
