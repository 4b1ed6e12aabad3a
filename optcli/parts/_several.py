"""Inputs of several parts (a dict or a tuple of arrays): side by side in one row a sample, apart at the model's door.

Everything between data and model (batches, checks for leaks, accumulation, memory) handles one array, so nothing else
need know. Whole numbers lie in float32, which holds them exactly up to 2^24.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from optcli.parts.facts import Input, Kind
from optcli.parts.origin import Misuse

EXACT: Final = 2**24
VAR_POSITIONAL, VAR_KEYWORD = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def several(given: Any, rows: int) -> bool:
    """Whether it is a dict of arrays, or a tuple of arrays of that many rows each."""
    if isinstance(given, tuple):
        return len(given) > 1 and all(getattr(one, "shape", ())[:1] == (rows,) for one in given)
    return isinstance(given, Mapping)


def side_by_side(
    given: Mapping[Any, Any], name: str, check: Callable[[Any, str], Any]
) -> tuple[Any, tuple[Input, ...]]:
    """One float32 array (N, numbers a sample), and what lies where.

    Args:
        given: key, or place, -> array.
        check: array and name -> the array as float32 with a row a sample; raises Misuse.

    Raises:
        Misuse: there is none, they differ in their number of rows, or whole numbers are too large.
    """
    import numpy as np

    if not given:
        raise Misuse(f"{name} is empty: give at least one array")
    parts: list[Any] = []
    inputs: list[Input] = []
    for key, one in given.items():
        place = f"{name}[{key!r}]"
        narrow = check(one, place)
        array = np.asarray(one.detach().cpu() if hasattr(one, "detach") else one)
        whole = array.dtype.kind in "iu"
        if whole and array.size and max(int(array.max()), -int(array.min())) > EXACT:
            raise Misuse(f"{place} holds numbers beyond {EXACT:,}: number them anew, as numpy.unique does")
        if parts and len(narrow) != len(parts[0]):
            raise Misuse(f"{place} has {len(narrow)} rows, {name} of `{inputs[0].name}` {len(parts[0])}")
        parts.append(narrow.reshape(len(narrow), math.prod(narrow.shape[1:])))
        kind: Kind = "bool" if array.dtype.kind == "b" else "int" if whole else "float"
        inputs.append(Input(str(key), tuple(array.shape[1:]), kind))
    return np.concatenate(parts, axis=1), tuple(inputs)


class Apart:
    """Called ahead of a model's `forward`: gives it the parts by name, by place, or all as one.

    Args:
        inputs: what lies where in a row.
        by: "name", "place", "dict" or "tuple".
    """

    def __init__(self, inputs: tuple[Input, ...], by: str) -> None:
        self.inputs, self.by = inputs, by

    def __call__(self, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The arguments for `forward` instead of one tensor (batch, numbers a sample)."""
        parts = self.parts(args[0])
        if self.by == "name":
            return args[1:], {**kwargs, **parts}
        first = tuple(parts.values()) if self.by == "place" else (parts if self.by == "dict" else (*parts.values(),),)
        return (*first, *args[1:]), kwargs

    def parts(self, x: Any) -> dict[str, Any]:
        """Name -> tensor (batch, *shape): int64, bool, or of the type that `x` is of."""
        columns = x.split([math.prod(one.shape) for one in self.inputs], dim=1)
        made = {}
        for one, part in zip(self.inputs, columns, strict=True):
            part = part.reshape(len(x), *one.shape)
            made[one.name] = part.long() if one.kind == "int" else part != 0 if one.kind == "bool" else part
        return made


def give(model: Any, inputs: tuple[Input, ...]) -> None:
    """Let `model` take a row of all parts, and its `forward` the parts as its signature wants them.

    Raises:
        Misuse: it takes neither parts of these names nor one argument.
    """
    model.register_forward_pre_hook(Apart(inputs, _by(model.forward, inputs)), with_kwargs=True)


def parts_of(model: Any, x: Any) -> dict[str, Any]:
    """The inputs that `model` makes of a row, by name; nothing where there is one input."""
    hooks = model._forward_pre_hooks.values() if model is not None else ()
    return next((hook.parts(x) for hook in hooks if isinstance(hook, Apart)), {})


def _by(forward: Callable[..., Any], inputs: tuple[Input, ...]) -> str:
    parameters = list(inspect.signature(forward).parameters.values())
    names, named = [one.name for one in inputs], not inputs[0].name.isdigit()
    fixed = [p for p in parameters if p.kind not in (VAR_POSITIONAL, VAR_KEYWORD)]
    needed = [p.name for p in fixed if p.default is p.empty]
    any_name, any_number = (any(p.kind is kind for p in parameters) for kind in (VAR_KEYWORD, VAR_POSITIONAL))
    if named and set(needed) <= set(names) and (any_name or set(names) <= {p.name for p in fixed}):
        return "name"
    if not named and (any_number or len(needed) <= len(names) <= len(fixed)):
        return "place"
    if len(needed) == 1 and needed[0] not in names:
        return "dict" if named else "tuple"
    given = f"`{'`, `'.join(names)}`" if named else f"{len(names)} inputs"
    raise Misuse(f"its `forward` takes ({', '.join(p.name for p in fixed)}), the data gives {given}")
