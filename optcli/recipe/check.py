"""Fills in what depends on the data, and finds values that can't be meant together (see `optcli.recipe.meaning`)."""

from __future__ import annotations

import inspect
from typing import Any

from optcli import parts
from optcli.parts import origin
from optcli.recipe import meaning, tuning
from optcli.recipe.edit import along
from optcli.recipe.plan import plan
from optcli.recipe.problem import Problem
from optcli.recipe.schema import Draft
from optcli.recipe.tree import Node, Span


def complete(draft: Draft) -> None:
    """Make the draft's values whole, and add to its problems those of values that don't fit together."""
    values = draft.values
    values["facts"] = _facts(draft) if values["data"] is not None else None
    if values["facts"] is not None:
        draft.suit(values["facts"])
    values["tune"] = tuning.read(draft)
    context = {**values, "plan": _plan(draft)}
    for check in meaning.CHECKS:
        wanted = [context[name] for name in inspect.signature(check).parameters]
        if not any(value is None for value in wanted):
            for path, message, help in check(*wanted):
                draft.say(place(draft.tree, path), message, help, path)


def _facts(draft: Draft) -> Any:
    data = draft.values["data"]
    part = parts.find("data", data.name)
    try:
        facts = part.facts(data.options)
        return facts.reconstruction() if draft.values["reconstruct"] else facts
    except (Exception, SystemExit) as error:
        if hasattr(part, "function"):
            draft.problems.append(_own_failed(error, part))
        else:
            _cannot_use(draft, data.name, error)
    return None


def _own_failed(error: BaseException, part: Any) -> Problem:
    """An own data set may fail in any way: told at its line, not the recipe's."""
    file, _, line = origin.place(error, part.function).rpartition(":")
    return Problem(f"data {part.name} failed: {origin.told(error)}", file, int(line or 0), 1 if file else 0, "data")


def _cannot_use(draft: Draft, name: str, error: BaseException) -> None:
    if isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
        path = _option_in(draft.tree, f"`{error.filename}`")
        draft.say(place(draft.tree, path), f"{error.filename or name} can't be read: {reason}", "", path)
    else:
        told = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        message, _, help = told.partition("; ")
        path = _option_in(draft.tree, message)
        draft.say(place(draft.tree, path), f"the data can't be used: {message}", help, path)


def _option_in(tree: Node, message: str) -> str:
    """The path of the data option whose value the message quotes, such as a column, or begins with; else `data`."""
    node = tree.get("data")
    written = {key: entry.node.value for key, entry in (node.entries if node is not None else {}).items()}
    texts = {f"data.{key}": value for key, value in written.items() if isinstance(value, str)}
    quoted = [path for path, value in texts.items() if f"`{value}`" in message]
    begun = [path for path, value in texts.items() if message.startswith(f"{value}:")]
    return next(iter(quoted + begun), "data")


def _plan(draft: Draft) -> Any:
    facts, batch, train = (draft.values[key] for key in ("facts", "batch_size", "train"))
    if facts is None or batch is None or train is None:
        return None
    try:
        return plan(facts.train, batch, train.accumulate, train.epochs, train.steps)
    except ValueError as error:
        name = draft.values["data"].name
        span = place(draft.tree, "train.accumulate" if batch <= facts.train else "data.batch_size")
        help = f"`{name}` has {facts.train:,} training samples: choose a smaller batch"
        draft.say(span, str(error), help, "data.batch_size")
        return None


def place(tree: Node, path: str) -> Span:
    """Where a path's value stands, or the nearest thing around it that is written."""
    written = [node.span for _, node in along(tree, path) if node.value is not None]
    return written[-1] if written else Span(tree.span.source)
