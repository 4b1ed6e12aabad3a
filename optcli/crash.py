"""The last net: whatever goes wrong, the user sees what and where in plain words and gets the right exit code."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from optcli.exits import Exit, for_signal


def guarded(run: Callable[[], Any]) -> int:
    """Call `run` and turn every exception into an exit status; a bug leaves a crash file and no traceback."""
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return for_signal(2)
    except BrokenPipeError:
        # The reader (`| head`) has gone; a second error at interpreter exit would only be noise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return for_signal(13)
    except Exception as error:
        return _report(error)
    return Exit.DONE


def _report(error: Exception) -> int:
    if type(error).__name__ == "BadRecipe":
        from optcli.show.problem import print_problems

        print_problems(error.problems)  # type: ignore[attr-defined]
        return Exit.USAGE
    if isinstance(error, OSError) and error.filename is not None:
        say("error", f"{error.filename}: {(error.strerror or str(error)).lower()}")
        return Exit.IO_ERROR
    return _bug(error)


def _bug(error: Exception) -> int:
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="optcli-crash-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    say("error", f"optcli itself failed: {type(error).__name__}: {error}"[:300].splitlines()[0])
    say("help", f"please report it with the crash file {file.name}")
    return Exit.BUG


def say(kind: str, message: str) -> None:
    """One line of talk on stderr: `error: ...` says what is wrong, `help: ...` what to do."""
    print(f"{kind}: {message}", file=sys.stderr)
