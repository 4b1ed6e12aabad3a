"""Train PyTorch models from YAML recipes, and diagnose training runs of any framework.

    import optcli

    recipe = optcli.load("fashion", ["optimizer.lr=3e-4"])
    outcome = optcli.train(recipe)
    diagnosis = optcli.diagnose(optcli.read("runs/fashion/latest")[0])

Own models, data sets, losses and metrics: decorate a function with `optcli.model`, `optcli.data`, `optcli.loss` or
`optcli.metric` in a file that `--import` names (see `optcli.parts.own`). Nothing is loaded before it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from optcli.diagnosis.engine import diagnose
    from optcli.parts.own import data, loss, metric, model
    from optcli.recipe import Recipe, load
    from optcli.run.assemble import read
    from optcli.train.session import train

_API: Final = {
    "Recipe": "optcli.recipe",
    "data": "optcli.parts.own",
    "diagnose": "optcli.diagnosis.engine",
    "load": "optcli.recipe",
    "loss": "optcli.parts.own",
    "metric": "optcli.parts.own",
    "model": "optcli.parts.own",
    "read": "optcli.run.assemble",
}
"""Public name -> the module that has it."""

__all__ = ["Recipe", "data", "diagnose", "load", "loss", "metric", "model", "read", "train"]


def __getattr__(name: str) -> Any:
    if name == "train":
        return import_module("optcli.train")  # the package itself; calling it trains
    if name in _API:
        return getattr(import_module(_API[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
