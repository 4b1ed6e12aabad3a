"""What the decorators of `optcli.parts.own` make of a function: parts, with options from its signature."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import field, make_dataclass
from typing import Any, Final, get_args, get_type_hints

from optcli.parts import _arrays, _several, _whole, add, bundled
from optcli.parts.facts import Facts, Input, Task
from optcli.parts.origin import Misuse, PartFailed, home, place, told
from optcli.units import STRICT

TASKS: Final = frozenset(get_args(Task))
TAKES: Final = ("vector", "image", "tokens", "several")
KEYS: Final = {"data": ("name", "batch_size", "reconstruct"), "model": ("name", "freeze")}
"""What recipes say of a part themselves, by kind; of the others only the name."""


def _options(function: Callable[..., Any], given: int, reserved: Iterable[str] = ()) -> type:
    """A frozen dataclass of the parameters after the first `given`, which are not options.

    Raises:
        Misuse: a parameter has neither annotation nor default, or takes any number of arguments.
    """
    hints = get_type_hints(function.__init__ if inspect.isclass(function) else function, include_extras=True)
    fields: list[Any] = []
    for at, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Misuse(f"`{function.__name__}`: options need names, `*{name}` has none")
        if at < given or name in reserved:
            continue
        default = parameter.default
        if name not in hints and (default is parameter.empty or default is None):
            raise Misuse(f"`{function.__name__}`: say what `{name}` is, as in `{name}: int = 1`")
        kind = hints.get(name, type(default))
        fields.append((name, kind, *_default(default)))
    options = make_dataclass("Options", fields, frozen=True, kw_only=True)
    options.__module__ = function.__module__
    options.__pydantic_config__ = STRICT  # type: ignore[attr-defined]
    options._home = home(function)  # type: ignore[attr-defined]
    return options


def _default(value: Any) -> tuple[Any, ...]:
    if value is inspect.Parameter.empty:
        return ()
    mutable = isinstance(value, (list, dict, set))
    return (field(default_factory=lambda: value.copy()) if mutable else field(default=value),)


def _among(given: str | Iterable[str], allowed: Iterable[str], what: str) -> frozenset[str]:
    """The names given, one or several.

    Raises:
        Misuse: one of them is none of those allowed.
    """
    names = frozenset([given] if isinstance(given, str) else given)
    wrong = sorted(names.difference(allowed))
    if wrong:
        raise Misuse(f"unknown {what} `{wrong[0]}`: there is {', '.join(sorted(allowed))}")
    return names


def _values(options: Any) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__dataclass_fields__}


class _Part:
    """What the parts made here have in common; `kind` is in `optcli.parts.KINDS`."""

    kind = ""
    first: tuple[str, ...] = ()
    """The parameters that are no options: what training gives."""
    reserved: tuple[str, ...] = ()

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function, self.name = function, name
        if name in bundled(self.kind):
            raise Misuse(f"there is a bundled {self.kind} `{name}` already: choose another name")
        self._must_take_the_first()
        self.Options = _options(function, len(self.first), self.reserved)
        self._must_leave_keys()
        self.__doc__ = inspect.getdoc(function) or ""
        add(self.kind, name, self)

    def _must_take_the_first(self) -> None:
        """Before the options come the parameters that training fills: without defaults, by place."""
        if inspect.isclass(self.function) and self.kind != "model":
            raise Misuse(f"a {self.kind} must be a function: write one that makes and calls the class")
        given = list(inspect.signature(self.function).parameters.values())[: len(self.first)]
        options = [p for p in given if p.default is not p.empty or p.kind is p.KEYWORD_ONLY]
        if len(given) < len(self.first) or options:
            wanted = ", ".join(self.first)
            raise Misuse(f"`{self.name}` must take ({wanted}) first, and then its options")

    def _must_leave_keys(self) -> None:
        """An option that is called as a key of recipes would never get its value."""
        taken = [key for key in KEYS.get(self.kind, ("name",)) if key in self.Options.__dataclass_fields__]  # type: ignore[attr-defined]
        if taken:
            raise Misuse(f"`{self.name}`: `{taken[0]}` is a key of recipes already: choose another name for the option")


class Model(_Part):
    """`function(facts, **options) -> nn.Module`."""

    kind, first = "model", ("facts",)

    def __init__(self, function: Callable[..., Any], name: str, takes: str | Iterable[str]) -> None:
        self.TAKES = _among(takes, TAKES, "input")
        super().__init__(function, name)

    def build(self, options: Any, facts: Facts) -> Any:
        """The model itself; lazy layers get their sizes.

        Raises:
            Misuse: it is no `nn.Module`, or has nothing to train.
        """
        from torch import nn

        net = self.function(facts, **_values(options))
        if not isinstance(net, nn.Module):
            raise Misuse(f"it must return an nn.Module, not {'nothing' if net is None else type(net).__name__}")
        if facts.inputs:
            _several.give(net, facts.inputs)
        elif facts.tokens:
            _whole.suit(net, facts, self.TAKES)
        _size_lazy_layers(net, facts)
        if not any(p.requires_grad for p in net.parameters()):
            raise Misuse("it has no parameters to train")
        return net


def _size_lazy_layers(net: Any, facts: Facts) -> None:
    """Lazy layers (`nn.LazyLinear` ...) learn their sizes from a first batch: here from zeros."""
    import torch

    if any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in net.parameters()):
        whole = facts.task == "language" or (facts.tokens and not facts.inputs)
        kind = torch.int64 if whole else torch.float32
        with torch.no_grad():
            net.eval()(torch.zeros((2, *facts.shape), dtype=kind))
        net.train()


class Loss(_Part):
    """`function(output, target, **options) -> scalar Tensor`."""

    kind, first = "loss", ("output", "target")

    def __init__(self, function: Callable[..., Any], name: str, tasks: str | Iterable[str]) -> None:
        self.TASKS = _among(tasks, TASKS, "task")
        super().__init__(function, name)

    def build(self, options: Any) -> Callable[..., Any]:
        """The function, with its options filled in. It raises Misuse where the value is none to learn from."""
        import torch

        values, function = _values(options), self.function

        def loss(output: Any, target: Any) -> Any:
            value = function(output, target, **values)
            if not isinstance(value, torch.Tensor):
                raise Misuse(f"it must return a tensor, not {type(value).__name__}: leave out float() and item()")
            if getattr(output, "requires_grad", False) and not value.requires_grad:
                raise Misuse("its value has no gradient: compute it from `output`, without detach() or argmax()")
            return value

        return loss

    def at_init(self, facts: Facts) -> None:
        """Not known."""
        return


class Metric(_Part):
    """`function(output, target) -> scalar Tensor`, averaged with the batch sizes as weights."""

    kind, first = "metric", ("output", "target")
    WIDTH = 2

    def __init__(
        self, function: Callable[..., Any], name: str, higher_is_better: bool, tasks: str | Iterable[str]
    ) -> None:
        self.HIGHER_IS_BETTER, self.TASKS = higher_is_better, _among(tasks, TASKS, "task")
        super().__init__(function, name)
        if self.Options.__dataclass_fields__:  # type: ignore[attr-defined]
            raise Misuse(f"`{name}`: a metric takes (output, target) and no options")

    def update(self, output: Any, target: Any) -> Any:
        """[value times samples, samples], float64.

        Raises:
            PartFailed: the function raised, or gave more than one number.
        """
        import torch

        try:
            value = self.function(output, target)
            if not isinstance(value, (torch.Tensor, int, float)) and not hasattr(value, "__float__"):
                raise Misuse(f"it must give a number, not {'nothing' if value is None else type(value).__name__}")
            total = torch.as_tensor(value, device=target.device).double() * len(target)
            if total.ndim:
                raise Misuse(f"it must give one number for a batch, not shape {tuple(total.shape)}: take the mean")
        except (Exception, SystemExit) as error:
            where = place(error, self.function)
            raise PartFailed(f"{where}: metric {self.name} failed: {told(error)}".removeprefix(": ")) from error
        return torch.stack([total, total.new_full((), len(target))])

    def compute(self, sums: list[float]) -> float:
        """The mean over all samples."""
        return sums[0] / sums[1]


class Data(_Part):
    """`function(**options) -> (train_x, train_y, val_x, val_y)`, or two torch Datasets; a parameter `seed` gets the
    recipe's."""

    kind, reserved = "data", ("seed",)

    def __init__(self, function: Callable[..., Any], name: str, task: Task) -> None:
        _among(task, TASKS, "task")
        self.task: Task = task
        super().__init__(function, name)
        self._seeded = "seed" in inspect.signature(function).parameters
        self._last: tuple[tuple[str, int], tuple[Any, ...]] | None = None
        self._notes: tuple[str, ...] = ()
        self._inputs: tuple[Input, ...] = ()

    def facts(self, options: Any, seed: int = 0) -> Facts:
        """Sizes and shapes, found by making the data."""
        train_x, train_y, val_x, val_y = self._arrays(options, seed)
        count: int = math.prod(train_y.shape[1:])
        if self.task == "classification":
            count = int(max(train_y.max(), val_y.max())) + 1
        if self.task == "language":
            count = int(max(a.max() for a in (train_x, train_y, val_x, val_y))) + 1
        variance = float(val_y.var(axis=0, dtype=float).mean()) if self.task == "regression" else None
        shape, alike = tuple(train_x.shape[1:]), _arrays.alike(train_y, self.task)
        dense = self.task == "classification" and train_y.ndim > 1
        tokens = 0 if self.task == "language" else _whole.tokens((train_x, val_x), self._inputs)
        return Facts(
            self.task, len(train_x), len(val_x), shape, count, variance, alike=alike, dense=dense, inputs=self._inputs,
            tokens=tokens,
        )  # fmt: skip

    def load(self, options: Any, seed: int) -> Any:
        """The four arrays as `Splits`, with notes on what one part has of the other, or lacks."""
        from optcli.parts.datasets import Splits
        from optcli.parts.datasets._leaks import shared, untrained, unused

        train_x, train_y, val_x, val_y = self._arrays(options, seed)
        notes = self._notes + shared(train_x, val_x)
        if self.task == "classification":
            notes += untrained(train_y, val_y, range(int(val_y.max()) + 1))
            notes += unused(train_y, int(max(train_y.max(), val_y.max())) + 1)
        return Splits(train_x, train_y, val_x, val_y, notes)

    def _arrays(self, options: Any, seed: int) -> tuple[Any, ...]:
        """The data; the last made are kept, as facts are asked for before the data, which may be dear to make."""
        key = repr(options), seed if self._seeded else 0
        if self._last is None or self._last[0] != key:
            self._last = key, self._make(options, key[1])
        return self._last[1]

    def _make(self, options: Any, seed: int) -> tuple[Any, ...]:
        made = self.function(**_values(options), **({"seed": seed} if self._seeded else {}))
        self._notes = _arrays.notes(made)
        arrays, self._inputs = _arrays.checked(made, self.task)
        return arrays
