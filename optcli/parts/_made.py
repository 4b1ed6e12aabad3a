"""What the decorators of `optcli.parts.own` make of a function: parts, with options from its signature."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import field, make_dataclass
from typing import Any, Final, get_args, get_type_hints

from optcli.parts import add
from optcli.parts.facts import Facts, Task
from optcli.units import STRICT

TASKS: Final = frozenset(get_args(Task))


def _options(function: Callable[..., Any], given: int, reserved: Iterable[str] = ()) -> type:
    """A frozen dataclass of the parameters after the first `given`, which are not options.

    Raises:
        TypeError: a parameter has neither annotation nor default, or takes any number of arguments.
    """
    hints = get_type_hints(function.__init__ if inspect.isclass(function) else function, include_extras=True)
    fields: list[Any] = []
    for at, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"`{function.__name__}`: options need names, `*{name}` has none")
        if at < given or name in reserved:
            continue
        default = parameter.default
        if name not in hints and (default is parameter.empty or default is None):
            raise TypeError(f"`{function.__name__}`: say what `{name}` is, as in `{name}: int = 1`")
        kind = hints.get(name, type(default))
        fields.append((name, kind, *_default(default)))
    options = make_dataclass("Options", fields, frozen=True, kw_only=True)
    options.__module__ = function.__module__
    options.__pydantic_config__ = STRICT  # type: ignore[attr-defined]
    return options


def _default(value: Any) -> tuple[Any, ...]:
    if value is inspect.Parameter.empty:
        return ()
    mutable = isinstance(value, (list, dict, set))
    return (field(default_factory=lambda: value.copy()) if mutable else field(default=value),)


def _values(options: Any) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__dataclass_fields__}


class _Part:
    """What the parts made here have in common; `kind` is in `optcli.parts.KINDS`."""

    kind = ""
    given = 0
    reserved: tuple[str, ...] = ()

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function, self.name = function, name
        self.Options = _options(function, self.given, self.reserved)
        self.__doc__ = inspect.getdoc(function) or ""
        add(self.kind, name, self)


class Model(_Part):
    """`function(facts, **options) -> nn.Module`."""

    kind, given = "model", 1

    def __init__(self, function: Callable[..., Any], name: str, takes: Iterable[str]) -> None:
        self.TAKES = frozenset(takes)
        super().__init__(function, name)

    def build(self, options: Any, facts: Facts) -> Any:
        """The model itself."""
        return self.function(facts, **_values(options))


class Loss(_Part):
    """`function(output, target, **options) -> scalar Tensor`."""

    kind, given = "loss", 2

    def __init__(self, function: Callable[..., Any], name: str, tasks: Iterable[str]) -> None:
        self.TASKS = frozenset(tasks)
        super().__init__(function, name)

    def build(self, options: Any) -> Callable[..., Any]:
        """The function, with its options filled in."""
        values, function = _values(options), self.function
        return (lambda output, target: function(output, target, **values)) if values else function

    def at_init(self, facts: Facts) -> None:
        """Not known."""
        return


class Metric(_Part):
    """`function(output, target) -> scalar Tensor`, averaged with the batch sizes as weights."""

    kind, given = "metric", 2
    WIDTH = 2

    def __init__(self, function: Callable[..., Any], name: str, higher_is_better: bool, tasks: Iterable[str]) -> None:
        self.HIGHER_IS_BETTER, self.TASKS = higher_is_better, frozenset(tasks)
        super().__init__(function, name)
        if self.Options.__dataclass_fields__:  # type: ignore[attr-defined]
            raise TypeError(f"`{name}`: a metric takes (output, target) and no options")

    def update(self, output: Any, target: Any) -> Any:
        """[value times samples, samples], float64."""
        import torch

        total = torch.as_tensor(self.function(output, target), device=output.device).double() * len(target)
        return torch.stack([total, total.new_full((), len(target))])

    def compute(self, sums: list[float]) -> float:
        """The mean over all samples."""
        return sums[0] / sums[1]


class Data(_Part):
    """`function(**options) -> (train_x, train_y, val_x, val_y)`; a parameter `seed` gets the recipe's."""

    kind, reserved = "data", ("seed",)

    def __init__(self, function: Callable[..., Any], name: str, task: Task) -> None:
        if task not in TASKS:
            raise ValueError(f"`{name}`: unknown task `{task}`: {', '.join(sorted(TASKS))}")
        self.task: Task = task
        super().__init__(function, name)
        self._seeded = "seed" in inspect.signature(function).parameters
        self._last: tuple[tuple[str, int], tuple[Any, ...]] | None = None

    def facts(self, options: Any, seed: int = 0) -> Facts:
        """Sizes and shapes, found by making the data."""
        train_x, train_y, val_x, val_y = self._arrays(options, seed)
        count: int = math.prod(train_y.shape[1:])
        if self.task == "classification":
            count = int(max(train_y.max(), val_y.max())) + 1
        if self.task == "language":
            count = int(max(a.max() for a in (train_x, train_y, val_x, val_y))) + 1
        variance = float(val_y.var(axis=0).mean()) if self.task == "regression" else None
        return Facts(self.task, len(train_x), len(val_x), tuple(train_x.shape[1:]), count, variance)

    def load(self, options: Any, seed: int) -> Any:
        """The four arrays as `Splits`."""
        from optcli.parts.datasets import Splits

        return Splits(*self._arrays(options, seed))

    def _arrays(self, options: Any, seed: int) -> tuple[Any, ...]:
        """The data; the last made are kept, as facts are asked for before the data, which may be dear to make."""
        key = repr(options), seed if self._seeded else 0
        if self._last is None or self._last[0] != key:
            self._last = key, self._make(options, key[1])
        return self._last[1]

    def _make(self, options: Any, seed: int) -> tuple[Any, ...]:
        made = self.function(**_values(options), **({"seed": seed} if self._seeded else {}))
        if not isinstance(made, (tuple, list)) or len(made) != 4:
            raise TypeError(f"data `{self.name}` must return (train_x, train_y, val_x, val_y)")
        arrays = [_array(a, inputs=i % 2 == 0, task=self.task) for i, a in enumerate(made)]
        for x, y, part in ((arrays[0], arrays[1], "training"), (arrays[2], arrays[3], "validation")):
            if len(x) != len(y):
                raise ValueError(f"data `{self.name}` has {len(x)} {part} inputs but {len(y)} targets")
        return tuple(arrays)


def _array(given: Any, *, inputs: bool, task: Task) -> Any:
    """float32 inputs and regression targets (N, k), int64 labels and tokens."""
    import numpy as np

    array = np.asarray(given.detach().cpu().numpy() if hasattr(given, "detach") else given)
    if task == "language" or (task == "classification" and not inputs):
        return array.astype(np.int64)
    array = array.astype(np.float32)
    return array[:, None] if task == "regression" and not inputs and array.ndim == 1 else array
