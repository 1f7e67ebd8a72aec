"""The errors that end a command, each with its exit code and what the user can do next.

A fault of one scan is never one of these: it is a finding in that scan's record.
"""

from __future__ import annotations


class ActasError(Exception):
    """Base of every error that ends a command with a sentence instead of a traceback."""

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n{self.hint}" if self.hint else self.what


class ConfigError(ActasError):
    """A configuration file is wrong; the message names file, line or key, and value."""

    exit_code = 2


class InputError(ActasError):
    """An argument is wrong: no such folder, an empty list, a results folder of another election."""

    exit_code = 2


class NoScansError(InputError):
    """The sources are there, and no scan is in them (yet)."""


class ResultsError(ActasError):
    """The results cannot be written or read: read-only, locked by another run, not results."""

    exit_code = 2


class ClusterError(ActasError):
    """A cluster cannot be used: unsafe, out of reach, or its machines are not alike."""

    exit_code = 2


class LockedError(ResultsError):
    """Another run is on."""


class InterruptedRunError(ActasError):
    """The run stopped before its end; what is committed stays, and the same command goes on."""

    exit_code = 4


class StoppedRunError(InterruptedRunError):
    """The user stopped it."""

    def __init__(self) -> None:
        super().__init__("Stopped. What was read is kept.", "Run the same command again to go on.")


class StoreLostError(InterruptedRunError):
    """An object store does not answer, though it was asked again for a while."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "What was committed is kept. Run the same command again to go on.")


class AccountingError(ActasError):
    """An accounting identity does not hold. Always a bug of the program, never of the input."""

    exit_code = 1
