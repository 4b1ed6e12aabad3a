"""Own models, data sets, losses and metrics: decorated functions become parts that recipes can name.

    import optcli
    from torch import nn

    @optcli.model
    def tiny(facts, width: int = 64) -> nn.Module:
        '''Shown by `optcli parts`.'''
        return nn.Sequential(nn.Linear(facts.shape[0], width), nn.ReLU(), nn.Linear(width, facts.outputs))

    @optcli.data(task="classification")
    def mine(n: int = 100):
        return train_x, train_y, val_x, val_y            # numpy or torch

    @optcli.loss
    def absolute(output, target):
        return (output - target).abs().mean()

    @optcli.metric(higher_is_better=True)
    def right(output, target):
        return (output.argmax(-1) == target).float().mean()

The name is the function's, keyword parameters are the options (their annotations the types, so `Annotated` limits of
`optcli.units` work), and the docstring is the documentation. `optcli train recipe.yaml --import mine.py` runs the file.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, TypeVar, overload

from optcli.parts import IMPORTED, _made
from optcli.parts.facts import Task
from optcli.parts.origin import Misuse, told

Made = TypeVar("Made", bound=Callable[..., Any])


class ImportFailed(Exception):
    """A file of own parts can't be run. `line` counts from 1 and is 0 where it isn't known."""

    def __init__(self, path: str, line: int, message: str) -> None:
        self.path, self.line, self.message = path, line, message
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that was run: for `environment.json`."""

    path: str
    sha256: str


def load_file(path: str | Path) -> Imported:
    """Run a Python file, whose decorators add its parts. Its folder is put on `sys.path`, as for a script.

    Raises:
        ImportFailed: the file can't be read, or raised; with the line in that file.
    """
    file = Path(path).resolve()
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ImportFailed(str(path), 0, (error.strerror or str(error)).lower()) from error
    digest = hashlib.sha256(text).hexdigest()
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    name = f"{IMPORTED}{file.stem}_{digest[:8]}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportFailed(str(path), 0, "not a Python file: its name must end in .py")
    sys.modules[name] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ImportFailed(str(path), _line(error, file), told(error)) from error
    return Imported(str(file), digest)


def _line(error: BaseException, file: Path) -> int:
    """The innermost line of `file` that the error came through."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno or 0
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return (lines[-1] or 0) if lines else 0


@overload
def model(function: Made) -> Made: ...
@overload
def model(*, name: str | None = None, takes: str | Iterable[str] = _made.TAKES) -> Callable[[Made], Made]: ...
def model(function: Any = None, *, name: str | None = None, takes: str | Iterable[str] = _made.TAKES) -> Any:
    """Make a model of a function or class that is called with (facts, **options) and gives an `nn.Module`.

    `takes` limits the inputs it can do: of `vector`, `image`, `tokens` and `several` (named ones, see `data`).
    """
    return _decorator(function, lambda f: _made.Model(f, name or f.__name__, takes))


@overload
def loss(function: Made) -> Made: ...
@overload
def loss(*, name: str | None = None, tasks: str | Iterable[str] = _made.TASKS) -> Callable[[Made], Made]: ...
def loss(function: Any = None, *, name: str | None = None, tasks: str | Iterable[str] = _made.TASKS) -> Any:
    """Make a loss of a function of (output, target, **options) that gives a scalar, the mean over the batch."""
    return _decorator(function, lambda f: _made.Loss(f, name or f.__name__, tasks))


def metric(
    *bare: Any, higher_is_better: bool | None = None, name: str | None = None, tasks: str | Iterable[str] = _made.TASKS
) -> Callable[[Made], Made]:
    """Make a metric of a function of (output, target) that gives a scalar, the mean over the batch."""
    if bare or higher_is_better is None:
        raise Misuse("write `@optcli.metric(higher_is_better=True)`, or False for an error")
    return lambda function: _register(function, lambda f: _made.Metric(f, name or f.__name__, higher_is_better, tasks))


def data(*bare: Any, task: Task | None = None, name: str | None = None) -> Callable[[Made], Made]:
    """Make a data set of a function of (**options) that gives (train_x, train_y, val_x, val_y), or two Datasets.

    Inputs may be a dict or a tuple of arrays, of numbers, whole numbers or truth values: own models get them by name or
    by place, and `facts.inputs` says what there is. Numbers alone go into any model of vectors, side by side. An array
    of whole numbers from 0 on reaches an own model as int64 if it gets through with them, else as float32.
    """
    if bare or task is None:
        raise Misuse('write `@optcli.data(task="classification")`, or "multilabel", "regression" or "language"')
    return lambda function: _register(function, lambda f: _made.Data(f, name or f.__name__, task))


def _decorator(function: Any, make: Callable[[Any], Any]) -> Any:
    """With and without parentheses."""
    if function is not None and not callable(function):
        raise Misuse("write `@optcli.model`, or with parentheses `@optcli.model(name=...)`; so for a loss")
    return _register(function, make) if function is not None else lambda f: _register(f, make)


def _register(function: Any, make: Callable[[Any], Any]) -> Any:
    make(function)
    return function
