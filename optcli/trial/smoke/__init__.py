"""Smoke checks: what careful engineers try before a long run (Karpathy 2019, "A Recipe for Training Neural Networks").

    report = run(recipe)
    report.failed            # names of the failed checks

A check is a file in `checks/`: its docstring says what it is for, `RANK` when it runs (the cheap and telling ones
first), `check(bench) -> Result` does it. The folder is the registry.
"""

from __future__ import annotations

import ast
import pkgutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optcli.trial.smoke.result import Result

if TYPE_CHECKING:
    from optcli.recipe.recipe import Recipe

_FOLDER = Path(__file__).parent / "checks"


@dataclass(frozen=True)
class SmokeReport:
    """What the checks of one recipe found, in the order in which they ran."""

    recipe: str
    source: str
    results: tuple[Result, ...]
    seconds: float

    @property
    def failed(self) -> list[str]:
        """Names of the failed checks."""
        return [r.name for r in self.results if r.status == "fail"]


@cache
def names() -> tuple[str, ...]:
    """All checks, in the order in which they run; nothing is imported."""
    found = [m.name for m in pkgutil.iter_modules([str(_FOLDER)])]
    return tuple(sorted(found, key=lambda name: (_rank(name), name)))


def _rank(name: str) -> int:
    tree = ast.parse((_FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    ranks = [
        n.value.value
        for n in tree.body
        if isinstance(n, ast.AnnAssign) and ast.unparse(n.target) == "RANK" and isinstance(n.value, ast.Constant)
    ]
    return int(str(ranks[0]))


def doc(name: str) -> str:
    """What a check is for."""
    return ast.get_docstring(ast.parse((_FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""


def run(
    recipe: Recipe, source: str = "", *, only: Iterable[str] = (), tell: Callable[[Result], None] = lambda result: None
) -> SmokeReport:
    """Run the checks of `only` (all, if empty) on a recipe, on the CPU or wherever the recipe trains.

    Raises:
        Failure: the model or the data can't even be built.
    """
    from optcli.trial.smoke.bench import Bench

    begin = time.perf_counter()
    wanted = list(only) or names()
    results = []
    with Bench(recipe) as bench:
        _ = bench.built  # what can't be built raises here
        for name in (n for n in names() if n in wanted):
            results.append(_one(name, bench))
            tell(results[-1])
    return SmokeReport(recipe.name, source or recipe.name, tuple(results), time.perf_counter() - begin)


def _one(name: str, bench: Any) -> Result:
    begin = time.perf_counter()
    check: Callable[[Any], Result] = import_module(f"{__name__}.checks.{name}").check
    try:
        result = check(bench)
    except Exception as error:
        result = _broke_off(error, bench.recipe)
    return replace(result, name=name, seconds=time.perf_counter() - begin)


def _broke_off(error: Exception, recipe: Recipe) -> Result:
    """The failure of a check in which a training broke off or the user's own code raised; any other error goes on."""
    from optcli.parts import find, origin
    from optcli.train import blame

    names = {"model": recipe.model.name, "loss": recipe.loss.name}
    failure = blame.failure(error, names, recipe.train.device)
    own = getattr(find("model", recipe.model.name), "function", None)
    if failure is None and own is not None and (origin.place(error) or isinstance(error, RuntimeError)):
        failure = blame.blamed(error, "model", recipe.model.name, origin.own_home(own))
    if failure is None:
        raise error
    return Result("fail", failure.message, failure.help)
