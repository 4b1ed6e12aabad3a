"""Exit codes: what a script or a CI job may rely on, the same for every command and every output format."""

from enum import IntEnum


class Exit(IntEnum):
    """The process's exit status. A run ended by signal n exits with `128 + n`."""

    DONE = 0
    """All went well; nothing at or above the `--fail-on` level."""
    FINDINGS = 1
    """Findings at the `--fail-on` level, a failed smoke check, a repair that was not proven."""
    USAGE = 2
    """A bad recipe, flag or path."""
    TRAINING_FAILED = 3
    """A non-finite value reached the loss or a gradient, or the monitor stopped the run."""
    NOTHING_TO_READ = 5
    """No path gave a curve."""
    BUG = 70
    """An error of optcli itself; a crash file tells more."""
    CANNOT_CREATE = 73
    """A file or directory can't be created, or the run directory already holds a run."""
    IO_ERROR = 74
    """Reading or writing failed: a full disk, a broken device."""
    LOCKED = 75
    """Another process is training in that run directory."""


def for_signal(number: int) -> int:
    """The exit status of a process that signal `number` ended, by the shell's convention."""
    return 128 + number


class Failure(Exception):
    """A command can't go on, for a reason that is the user's to mend: ends the program with `code` and two lines.

    `message` says what is wrong (lower case, no full stop), `help` what to do about it.
    """

    def __init__(self, code: Exit, message: str, help: str = "") -> None:
        self.code, self.message, self.help = code, message, help
        super().__init__(message)
