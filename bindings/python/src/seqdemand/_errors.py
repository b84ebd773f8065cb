# SPDX-License-Identifier: Apache-2.0
"""Exceptions: one class for each kind of status that the library answers with."""
from __future__ import annotations


class SeqdemandError(RuntimeError):
    """A call of the library failed.

    `status` is its code (see base.h); `line` and `column` tell the place in a text input (0: none).
    """

    def __init__(self, message: str, status: int = 0, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.status, self.line, self.column = status, line, column

    def __reduce__(self) -> tuple[type, tuple[str, int, int, int]]:
        return type(self), (str(self), self.status, self.line, self.column)


class ArgumentError(SeqdemandError, ValueError):
    """A number out of range, or sizes that do not fit together."""


class StateError(SeqdemandError):
    """The call does not fit the state of what it was made on, or another training has the model."""


class OptionError(SeqdemandError, ValueError):
    """An unknown option, a value out of range, or options that exclude each other."""


class LimitError(SeqdemandError):
    """A limit that `set_limit` set would be passed."""


class FileError(SeqdemandError, OSError):
    """A file cannot be opened, read or written."""


class DataError(SeqdemandError, ValueError):
    """A table, a value or a date that cannot be used, or a file that is not what it should be."""


class DivergedError(SeqdemandError, ArithmeticError):
    """Training left the finite numbers: a smaller learning_rate or grad_clip may help."""


class UnsupportedError(SeqdemandError, NotImplementedError):
    """Not available for this kind of model, in this build or on this machine."""


KINDS: dict[int, type[SeqdemandError]] = {
    -10: ArgumentError, -11: StateError, -12: StateError, -13: OptionError, -21: LimitError, -30: FileError,
    -31: DataError, -32: DataError, -33: DataError, -40: DivergedError, -50: UnsupportedError, -60: SeqdemandError}
NO_MEMORY = -20


def not_fitted(message: str) -> Exception:
    """scikit-learn's NotFittedError where it is there, else a ValueError (which that is, too)."""
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError(message)
    found: Exception = NotFittedError(message)
    return found
