"""Parts made of another package's optimizers: options from the signature, state, gate and evaluation weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final

from annotated_types import Ge, Gt

from optcli.parts import UnknownPart, UnusablePart
from optcli.parts.optimizers._families import _source
from optcli.parts.optimizers._families._store import storable
from optcli.parts.origin import PartFailed, told
from optcli.units import STRICT

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor
    from torch.optim import Optimizer

_NOT_OPTIONS: Final = frozenset({"params", "maximize", "differentiable", "capturable", "args"})
"""What training gives or must not be changed."""
_LIMITS: Final = {"lr": Gt(0), "weight_decay": Ge(0), "eps": Ge(0)}


@dataclass(frozen=True)
class Package:
    """Where a family's classes come from."""

    prefix: str
    title: str
    """As it is called on PyPI."""
    module: str
    """That is imported for them; its `__init__.py` lists them."""

    classes: Callable[[], Mapping[str, type]] = dict
    """Name -> class of tensors and objects that an optimizer's state may hold."""

    def listing(self) -> Path:
        """The file that imports the classes.

        Raises:
            UnusablePart: the package is not installed.
        """
        top, *rest = self.module.split(".")
        base = _source.folder(top)
        if base is None:
            message = f"`{self.prefix}:` names optimizers of the package {self.title}, which is not installed"
            raise UnusablePart(message, f"pip install 'optcli[{self.prefix}]'")
        return base.joinpath(*rest, "__init__.py")


class Foreign:
    """A part that builds the class `name` of a package.

    Args:
        split: (groups, options) -> groups with what this class wants in them.
        further: options besides the class's own arguments.

    Raises:
        UnusablePart: it has no rate, or an argument without a default that a recipe can't say.
    """

    GATED = True

    def __init__(
        self,
        package: Package,
        name: str,
        split: Callable[[list[Any], Any], list[Any]] | None = None,
        further: Iterable[_source.Parameter] = (),
    ) -> None:
        file = package.listing()
        self.package, self.name, self._split = package, name, split
        self.BY_LAYER = split is not None
        given = [_needed(p) for p in _source.parameters(file, name) if p.name not in _NOT_OPTIONS]
        missing = [p.name for p in given if p.type is None and p.default is _source.REQUIRED]
        if missing or not any(p.name == "lr" for p in given):
            wanted = f"`{missing[0]}`, which a recipe can't say" if missing else "no learning rate `lr`"
            raise UnusablePart(f"{package.title}'s {name} takes {wanted}")
        self._said = [p for p in given if p.type is not None]
        self.Options = _options([*self._said, *further])
        about = _source.first(file, name) or f"{name}."
        self.__doc__ = f"{about}\n\n{name} of the package {package.title}, with its own defaults."

    def build(self, groups: list[dict[str, Any]], options: Any, device: str) -> Optimizer:
        """The package's optimizer, gated here: to know whether to skip, the host waits for the device every step.

        Raises:
            ValueError: the package refuses an option.
        """
        from optcli.parts.optimizers._build import rated

        family = getattr(import_module(self.package.module), self.name)
        values = {p.name: getattr(options, p.name) for p in self._said}
        groups = self._split(groups, options) if self._split else groups
        groups = groups if "weight_decay" in values else [_without(group, "weight_decay") for group in groups]
        try:
            optimizer: Optimizer = family(rated(groups, options.lr), **values)
        except Exception as error:  # of any class: packages have their own
            raise ValueError(f"{self.name}: {error}") from error
        _gate(optimizer, f"{self.package.prefix}:{self.name.lower()}")
        storable(optimizer, self.package.classes())
        if hasattr(optimizer, "train") and hasattr(optimizer, "eval"):
            _swap(optimizer)
        return optimizer


def _needed(parameter: _source.Parameter) -> _source.Parameter:
    """The rate must be a number, since schedules multiply it."""
    if parameter.name != "lr":
        return parameter
    default = _source.REQUIRED if parameter.default is None else parameter.default
    return parameter._replace(type=float, default=default)


def _without(group: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in group.items() if k != key}


def _options(given: Iterable[_source.Parameter]) -> type:
    fields: list[Any] = []
    for p in given:
        kind = Annotated[p.type, _LIMITS[p.name]] if p.name in _LIMITS and p.type is float else p.type
        told: dict[str, Any] = {"metadata": {"doc": p.doc}}
        if p.default is not _source.REQUIRED:
            told |= {"default_factory": p.default.copy} if isinstance(p.default, list) else {"default": p.default}
        fields.append((p.name, kind, field(**told)))
    made = make_dataclass("Options", fields, frozen=True, kw_only=True)
    made.__pydantic_config__ = STRICT  # type: ignore[attr-defined]
    return made


def _gate(optimizer: Optimizer, name: str) -> None:
    """Skip the step where `found_inf` is 1, and say whose fault it is if the step fails."""
    take = optimizer.step

    def step(closure: Any = None) -> Any:
        found = getattr(optimizer, "found_inf", None)
        if found is not None and found.item():
            return None
        try:
            return take(closure)
        except Exception as error:
            raise PartFailed(f"optimizer {name} failed in its step: {told(error)}") from error

    optimizer.step = step  # type: ignore[method-assign]


def _swap(optimizer: Any) -> None:
    """`eval_mode` and `train_mode` of an optimizer with `train()` and `eval()`, exact to the bit."""
    kept: list[tuple[Tensor, Tensor]] = []

    def eval_mode() -> None:
        if not kept:
            kept.extend((p, p.detach().clone()) for group in optimizer.param_groups for p in group["params"])
            if optimizer.state:  # before the first step the weights are those for evaluation as well
                optimizer.eval()

    def train_mode() -> None:
        if kept and optimizer.state:
            optimizer.train()
        for parameter, old in kept:
            parameter.data.copy_(old)
        kept.clear()

    optimizer.eval_mode, optimizer.train_mode = eval_mode, train_mode


def found(package: Package, classes: Iterable[str], name: str) -> str:
    """The class whose name in small letters is `name`.

    Raises:
        UnknownPart: there is none; knows the nearest.
    """
    known = {one.lower(): one for one in classes}
    if name not in known:
        raise UnknownPart("optimizer", f"{package.prefix}:{name}", [f"{package.prefix}:{one}" for one in sorted(known)])
    return known[name]


class Family:
    """The classes that a package imports into its listing, each as a `part`.

    Args:
        fits: whether the class of that name is an optimizer for recipes.
    """

    def __init__(self, package: Package, fits: Callable[[str], bool], part: type[Foreign]) -> None:
        self._package, self._fits, self._part = package, fits, part
        self.member = cache(self._member)

    def names(self) -> list[str]:
        """All names of the family, in small letters.

        Raises:
            UnusablePart: the package is not installed.
        """
        return sorted(one.lower() for one in self._classes())

    def _member(self, name: str) -> Foreign:
        """The part made of the class called `name`.

        Raises:
            UnknownPart, UnusablePart: there is none, or the package is not installed.
        """
        return self._part(self._package, found(self._package, self._classes(), name))

    def _classes(self) -> list[str]:
        return list(filter(self._fits, _source.imported(self._package.listing())))
