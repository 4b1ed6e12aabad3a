"""Any optimizer of the package pytorch-optimizer, by its name there: `zoo:lamb`.

Options are the class's own arguments. `pip install 'optcli[zoo]'` brings the package (Apache-2.0).
"""

from __future__ import annotations

import ast
from functools import cache
from typing import Any, Final

from optcli.parts import UnusablePart
from optcli.parts.optimizers._families._foreign import Foreign, Package, found

PACKAGE: Final = Package("zoo", "pytorch-optimizer", "pytorch_optimizer.optimizer")

_HIDDEN: Final = frozenset({"adago", "adamuon", "muon", "normuon"})
"""Those that want hidden matrices and the rest in groups of their own."""
_SECOND = "it needs second derivatives of the loss, and training takes only first ones"
_CLOSURE = "it evaluates the loss several times a step"
_MODEL = "it hooks into the model's backward pass"
_RANK = "it needs a rank for each group of parameters, which recipes don't give"
_OBJECTS = "its state holds objects that a checkpoint can't"
_PROCESSES = "it brings its own communication between processes"
REFUSED: Final = {
    "adahessian": _SECOND, "sophiah": _SECOND, "alig": _CLOSURE, "bsam": _CLOSURE, "adalomo": _MODEL, "lomo": _MODEL,
    "adammini": "it asks for the model's heads and their number", "apollo": _RANK, "fira": _RANK, "galore": _RANK,
    "conda": _OBJECTS, "scalableshampoo": _OBJECTS, "demo": _PROCESSES, "distributedmuon": _PROCESSES,
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
    return Foreign(PACKAGE, one, _halves if name in _HIDDEN else list)


def _halves(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each group as its hidden matrices and the rest."""
    from optcli.parts.optimizers._build import split

    return [{**group, "use_muon": group["hidden"][0]} for group in split(groups, "hidden")]


def _classes() -> list[str]:
    tree = ast.parse(PACKAGE.listing().read_text(encoding="utf-8"))
    lists = (n.value for n in tree.body if isinstance(n, ast.AnnAssign) and ast.unparse(n.target) == "OPTIMIZER_LIST")
    return [ast.unparse(one) for value in lists if isinstance(value, ast.List) for one in value.elts]
