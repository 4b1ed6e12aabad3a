"""Errors in a user's own code, told with file and line and without a traceback."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch

from optcli.exits import Exit, Failure
from optcli.parts import find, origin
from optcli.parts.facts import Facts
from optcli.train import backtrace
from optcli.train.objective import ModelFailed


def blamed(error: BaseException, kind: str, name: str, home: str = "") -> Failure:
    """The failure to show for an exception that the recipe's part `name` raised.

    Args:
        home: the place to name where the error came through none of the user's lines; else that of the part.
    """
    place = origin.place(error) or home or origin.home(_function(kind, name))
    if not place and isinstance(error, ValueError):  # a bundled part that says what is wrong
        message, _, help = str(error).partition("; ")
        return Failure(Exit.USAGE, f"{kind} {name}: {message}", help)
    where = f"{place}: " if place else ""
    return Failure(Exit.USAGE, f"{where}{kind} {name} failed: {origin.told(error)}", _help(error))


def in_step(error: ModelFailed, names: dict[str, str]) -> Failure:
    """The failure to show for a forward pass that raised; `names` says what the recipe calls model and loss."""
    cause = error.__cause__ or error
    home = error.place or origin.own_home(type(error.model)) or origin.home(_function("model", names["model"]))
    told = blamed(cause, error.part, names[error.part], home if error.part == "model" else "")
    message = told.message
    if message.startswith("loss ") and home:  # a bundled loss: what it got is the user's
        model = names["model"]
        message = f"{home}: {message.replace(' failed:', f' failed on what model {model} gave:', 1)}"
        if "no tensor" in error.shapes:
            told.help = "let the model give one tensor, or take its output apart in a loss of your own"
    if error.backward:
        message = message.replace(" failed:", " failed in the backward pass:", 1)
    if error.step:
        message += f" (in step {error.step})"
    return Failure(told.code, message, f"the batch: {error.shapes}" + (f"; {told.help}" if told.help else ""))


def failure(error: BaseException, names: dict[str, str], device: str) -> Failure | None:
    """The failure to show for what ended a training; None if that was none of the user's doing."""
    if isinstance(error, Failure):
        return error
    if is_out_of_memory(error):
        return out_of_memory(device)
    if isinstance(error, origin.PartFailed):  # says its place itself
        return Failure(Exit.USAGE, str(error))
    return in_step(error, names) if isinstance(error, ModelFailed) else None


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


def _function(kind: str, name: str) -> Any:
    """The user's function that makes the part; None for a bundled one."""
    return getattr(find(kind, name), "function", None)


def _help(error: BaseException) -> str:
    if isinstance(error, AttributeError) and isinstance(error.obj, Facts):
        return f"facts has {', '.join(field.name for field in fields(error.obj))}"
    if "shapes cannot be" in str(error):
        return "what goes in or comes out doesn't fit"
    return next((help for said, help in backtrace.HELP.items() if said in str(error)), "")
