"""Words of the command line turned into values, and mistakes in them told in plain words.

Typer does the former with pydantic, whose import costs more than reading a log; `lighten` puts simple conversions in
its place. Should a future Typer work differently, nothing but that time is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from optcli.exits import Exit, Failure
from optcli.show.nearest import hint

_KINDS: Final[dict[type, str]] = {
    bool: "true or false",
    str: "a text",
    int: "a whole number",
    float: "a number",
    Path: "a path",
}
_CHECKS: Final = ("min", "max", "parser", "click_type", "exists", "dir_okay", "file_okay", "readable", "resolve_path")


def lighten(command: Any, context: Any) -> None:
    """Give the command's parameters, `--help` included, conversions of our own, as far as they are simple."""
    for param in command.get_params(context):
        if param.metavar is not None and param.param_type_name == "argument":
            param.display_type_rich = lambda ctx: ""  # `PATH` says more than `PATH <list[str]>`
        convert = _conversion(getattr(param, "type_descriptor", None))
        if convert is not None and hasattr(param, "_runtime_param"):
            param._runtime_param = _Light(convert)


class _Light:
    """What Typer asks for a value: `coerce(value, param, ctx)`."""

    def __init__(self, convert: Callable[[Any], Any]) -> None:
        self.convert = convert

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        try:
            return [self.convert(word) for word in value] if many else self.convert(value)
        except ValueError as error:
            raise _wrong(param, str(error)) from None


def _conversion(descriptor: Any) -> Callable[[Any], Any] | None:
    """A function from word to value that raises ValueError, or None where Typer's own is needed."""
    info = getattr(descriptor, "parameter_info", None)
    if info is None or _checked(info):
        return None
    kind = descriptor.annotation
    kind = get_args(kind)[0] if get_origin(kind) is list else kind
    if get_origin(kind) is Literal:
        return lambda word: _choice(word, get_args(kind))
    return (lambda word: _convert(word, kind)) if kind in _KINDS else None


def _checked(info: Any) -> bool:
    plain = type(info)()
    return any(getattr(info, name, None) != getattr(plain, name, None) for name in _CHECKS)


def _convert(word: Any, kind: type) -> Any:
    try:
        return word if isinstance(word, kind) else kind(word)
    except (ValueError, TypeError):
        raise ValueError(f"`{word}` is not {_KINDS[kind]}") from None


def _choice(word: Any, choices: tuple[Any, ...]) -> Any:
    if word in choices:
        return word
    allowed = ", ".join(map(str, choices))
    raise ValueError(f"`{word}` is none of {allowed}\n{hint(str(word), map(str, choices), '')}")


def _wrong(param: Any, told: str) -> Failure:
    message, _, help = told.partition("\n")
    name = param.opts[0] if param.param_type_name == "option" else param.display_name_raw
    return Failure(Exit.USAGE, f"{name}: {message}", help)


def failure(error: Any, command: Any, name: str) -> Failure:
    """A mistake that Typer found in a command's words (an exception with `format_message`) as one of ours."""
    help = f"`optcli {name} --help` shows what there is"
    if type(error).__name__ == "NoSuchOption":
        known = [word for option in command.params for word in option.opts if word.startswith("-")]
        return Failure(Exit.USAGE, f"unknown option `{error.option_name}`", hint(error.option_name, known, help))
    message = error.format_message().strip().rstrip(".").replace("(s)", "").replace("...'", "'").replace("'", "`")
    return Failure(Exit.USAGE, message[:1].lower() + message[1:], help)
