"""Errors in a user's own code, told with file and line and without a traceback."""

from __future__ import annotations

import traceback
from pathlib import Path

import torch

from optcli.exits import Exit, Failure
from optcli.parts import find
from optcli.train.objective import ModelFailed

_OURS = Path(__file__).parents[1]
_TORCH = Path(torch.__file__).parent


def blamed(error: BaseException, kind: str, name: str) -> Failure:
    """The failure to show for an exception that the recipe's part `name` raised."""
    place, what = _place(error) or _home(kind, name), f"{kind} {name}"
    where = f"{place}: " if place else ""
    text = " ".join(str(error).split())[:500]
    return Failure(Exit.USAGE, f"{where}{what} failed: {type(error).__name__}: {text}", _help(error))


def in_step(error: ModelFailed, names: dict[str, str]) -> Failure:
    """The failure to show for a forward pass that raised; `names` says what the recipe calls model and loss."""
    cause = error.__cause__ or error
    told = blamed(cause, error.part, names[error.part])
    return Failure(told.code, told.message, f"the batch: {error.shapes}" + (f"; {told.help}" if told.help else ""))


def out_of_memory(device: str) -> Failure:
    """The failure to show when memory ran out."""
    return Failure(
        Exit.TRAINING_FAILED,
        f"out of memory on {device}",
        "halve data.batch_size and double train.accumulate: the same training in less memory",
    )


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether the error, or what it came from, says that memory ran out."""
    while error is not None:
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
            return True
        error = error.__cause__
    return False


def _place(error: BaseException) -> str:
    """`file:line` of the innermost frame that is neither torch's nor ours."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        file = Path(frame.filename)
        if file.is_file() and not any(file.is_relative_to(root) for root in (_OURS, _TORCH)):
            return f"{frame.filename}:{frame.lineno}"
    return ""


def _home(kind: str, name: str) -> str:
    """`file:line` of the user's function that makes the part; nothing for a bundled one."""
    code = getattr(getattr(find(kind, name), "function", None), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


def _help(error: BaseException) -> str:
    return "what goes in or comes out doesn't fit" if "shapes cannot be" in str(error) else ""
