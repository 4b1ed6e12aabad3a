"""The last net: whatever goes wrong, the user sees what and where in plain words and gets the right exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from typing import Any, Final

from optcli.exits import Exit, Failure, for_signal

_KNOWN: Final = {
    "LockHeld": Exit.LOCKED,
    "ImportFailed": Exit.USAGE,
    "PartFailed": Exit.USAGE,
    "Unreadable": Exit.NOTHING_TO_READ,
}
"""Errors of other rooms by class name: to import them here would load pydantic, numpy or torch."""
_ERRNO: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG), Exit.IO_ERROR),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
        Exit.CANNOT_CREATE,
    ),
    errno.ENOENT: Exit.USAGE,
}


def guarded(run: Callable[[], Any]) -> int:
    """Call `run` and turn every exception into an exit status; a bug leaves a crash file and no traceback."""
    _prepare_streams()
    try:
        run()
        sys.stdout.flush()
    except BaseException as error:
        return _status(error)
    return Exit.DONE


def _prepare_streams() -> None:
    """Nothing printed can fail for its characters, nor for a stream that was closed before the start (`2>&-`)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the program
        with contextlib.suppress(AttributeError):
            getattr(sys, name).reconfigure(errors="backslashreplace")


def _status(error: BaseException) -> int:
    """The exit status for an exception, which is told on stderr where there is something to tell."""
    if isinstance(error, SystemExit):
        return _left(error)
    if isinstance(error, KeyboardInterrupt):
        return for_signal(2)
    if isinstance(error, BrokenPipeError):
        _silence()
        return for_signal(13)
    if isinstance(error, Failure):
        return _failed(error)
    if isinstance(error, OSError) and error.errno in _ERRNO:
        return _os_error(error)
    return _by_name(error)


def _left(error: SystemExit) -> int:
    """Flush what was written before the exit was asked for; a full disk or a gone reader counts more than that."""
    try:
        sys.stdout.flush()
    except OSError as worse:
        return _status(worse)
    return error.code if isinstance(error.code, int) else int(error.code is not None)


def _silence() -> None:
    """The reader (`| head`) has gone; a second error when the interpreter flushes would only be noise."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Failure) -> int:
    say("error", error.message)
    if error.help:
        say("help", error.help)
    return error.code


def _os_error(error: OSError) -> int:
    if not isinstance(error.filename, (str, bytes)):
        _silence()
    name = error.filename if isinstance(error.filename, (str, bytes)) else "output"
    say("error", f"{name!s}: {(error.strerror or str(error)).lower()}")
    return _ERRNO[error.errno or 0]


def _by_name(error: BaseException) -> int:
    name = type(error).__name__
    if name == "BadRecipe":
        from optcli.show.problem import print_problems

        print_problems(error.problems)  # type: ignore[attr-defined]
        return Exit.USAGE
    if name in _KNOWN:
        say("error", str(error))
        return _KNOWN[name]
    if name in ("Exit", "Abort") and type(error).__module__.startswith(("typer", "click")):
        return _left(SystemExit(getattr(error, "exit_code", for_signal(2))))
    return _bug(error)


def _bug(error: BaseException) -> int:
    message = redacted(str(error)).partition("\n")[0]
    say("error", f"optcli itself failed: {type(error).__name__}: {message}"[:300])
    try:
        say("help", f"please report it with the crash file {_crash_file(error)}")
    except OSError as worse:
        say("help", f"no crash file could be written: {(worse.strerror or str(worse)).lower()}")
    return Exit.BUG


def _crash_file(error: BaseException) -> str:
    """Write what helps to find the bug, without the values of environment variables; returns its path."""
    import platform
    import tempfile
    import traceback

    head = f"optcli on Python {platform.python_version()}, {platform.platform()}"  # a variable may hold this version
    told = f"arguments: {sys.argv[1:]!r}\n{''.join(traceback.format_exception(error))}"
    with tempfile.NamedTemporaryFile(
        "w", prefix="optcli-crash-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"{head}\n{redacted(told)}")
    return file.name


def redacted(text: str) -> str:
    """`text` with the values of environment variables (tokens, home directories) replaced by their names."""
    secrets = {value: name for name, value in os.environ.items() if len(value) >= 6}
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, f"${secrets[value]}")
    return text


def say(kind: str, message: str) -> None:
    """Talk on stderr, one line in a pipe: `error: ...` says what is wrong, `help: ...` what to do."""
    from optcli.show import clean
    from optcli.show.screen import Screen

    with contextlib.suppress(OSError):
        print(*Screen.of(sys.stderr).lines(f"{kind}: {clean.line(message, 2000)}"), sep="\n", file=sys.stderr)
