"""Any optimizer of the package pytorch-optimizer, by its name there: `zoo:lamb`.

Options are the class's own arguments. `pip install 'optcli[zoo]'` brings the package (Apache-2.0).
"""

from __future__ import annotations

import ast
from functools import cache
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Gt

from optcli.parts import UnusablePart
from optcli.parts.optimizers._families._foreign import Foreign, Package, found
from optcli.parts.optimizers._families._source import Parameter


def _projector() -> dict[str, type]:
    from pytorch_optimizer.optimizer.utils.galore import GaLoreProjector

    return {"GaLoreProjector": GaLoreProjector}


PACKAGE: Final = Package("zoo", "pytorch-optimizer", "pytorch_optimizer.optimizer", _projector)

_HIDDEN: Final = frozenset({"adago", "adamuon", "muon", "normuon"})
"""Those that want hidden matrices and the rest in groups of their own."""
_RANKED: Final = frozenset({"apollo", "fira", "galore"})
"""Those that project the gradients of hidden matrices; what the projection is stands in their groups."""
PROJECTION: Final = (
    Parameter("rank", Annotated[int, Ge(1)], 128, "Size of what the gradient of a hidden matrix is projected to."),
    Parameter("update_proj_gap", Annotated[int, Ge(1)], 200, "Steps from one projection to the next."),
    Parameter("scale", Annotated[float, Gt(0)], 0.25, "Factor of what is projected back; 0.25 and 200 are GaLore's."),
    Parameter(
        "projection_type", Literal["std", "reverse_std", "right", "left", "full", "random"], "std",
        "Side of the matrix that is made smaller: `std` the longer one.",
    ),
)  # fmt: skip
_SECOND = "it needs second derivatives of the loss, and training takes only first ones"
_CLOSURE = "it evaluates the loss several times a step"
_MODEL = "it hooks into the model's backward pass"
_OBJECTS = "its state holds objects that a checkpoint can't"
_PROCESSES = "it brings its own communication between processes"
REFUSED: Final = {
    "adahessian": _SECOND, "sophiah": _SECOND, "alig": _CLOSURE, "bsam": _CLOSURE, "adalomo": _MODEL, "lomo": _MODEL,
    "adammini": "it asks for the model's heads and their number", "scalableshampoo": _OBJECTS, "demo": _PROCESSES,
    "distributedmuon": _PROCESSES,
    "magma": "it wraps another optimizer", "muonclip": "it asks for the model's attention layers",
    "spectralsphere": "it takes only matrices, and models have biases",
}  # fmt: skip
"""Name -> why it can't be used."""


TORCHS: Final = frozenset({"adam", "adamw", "lbfgs", "nadam", "rmsprop", "sgd"})
"""Those that the package takes from torch."""


def names() -> list[str]:
    """All names of the family that can be used, in small letters.

    Raises:
        UnusablePart: the package is not installed.
    """
    return sorted({one.lower() for one in _classes()} - {*REFUSED, *TORCHS})


@cache
def member(name: str) -> Any:
    """The part made of the class called `name`.

    Raises:
        UnknownPart, UnusablePart: there is none, or none that can be used.
    """
    one = found(PACKAGE, _classes(), name)
    if name in REFUSED:
        raise UnusablePart(f"`zoo:{name}` can't be used in recipes: {REFUSED[name]}")
    if name in TORCHS:
        raise UnusablePart(f"`zoo:{name}` is torch's own", f"write `{name}`")
    if name in _RANKED:
        return Foreign(PACKAGE, one, _projected, PROJECTION)
    return Foreign(PACKAGE, one, _halves if name in _HIDDEN else None)


def _halves(groups: list[dict[str, Any]], options: Any) -> list[dict[str, Any]]:
    """Each group as its hidden matrices and the rest, which has the rate and the decay of AdamW."""
    from optcli.parts.optimizers._build import split

    return [
        {**group, "use_muon": True} if group["hidden"][0] else _rest(group, options)
        for group in split(groups, "hidden")
    ]


def _rest(group: dict[str, Any], options: Any) -> dict[str, Any]:
    """The classes take a group's rate and decay, if it has them, for those of AdamW."""
    scale = group.get("lr_scale", 1.0) * options.adamw_lr / options.lr
    usual = group.get("weight_decay", options.weight_decay) == options.weight_decay
    decay = options.adamw_wd if usual else group["weight_decay"]
    return {**group, "use_muon": False, "lr_scale": scale, "weight_decay": decay}


def _projected(groups: list[dict[str, Any]], options: Any) -> list[dict[str, Any]]:
    """Each group as its hidden matrices, whose gradients are projected, and the rest."""
    from optcli.parts.optimizers._build import split

    return list(split(groups, "hidden", **{p.name: getattr(options, p.name) for p in PROJECTION}))


def _classes() -> list[str]:
    tree = ast.parse(PACKAGE.listing().read_text(encoding="utf-8"))
    lists = (n.value for n in tree.body if isinstance(n, ast.AnnAssign) and ast.unparse(n.target) == "OPTIMIZER_LIST")
    return [ast.unparse(one) for value in lists if isinstance(value, ast.List) for one in value.elts]
