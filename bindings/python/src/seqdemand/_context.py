# SPDX-License-Identifier: Apache-2.0
"""Contexts: what this process decides once (threads, kernels, limits, log), and long calls under a Progress."""
from __future__ import annotations

import logging
from ctypes import c_void_p
from typing import Any

from ._abi import STOPPED, Handle, call, text, value
from ._functions import LogFunction, ProgressFunction
from ._progress import Progress

_LOGGER = logging.getLogger("seqdemand")
_LEVELS = [logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG]  # by the numbers of the library
_threads, _kernels = 0, "auto"
_limits: dict[str, int] = {}


def _report(_: Any, level: int, line: bytes) -> None:
    _LOGGER.log(_LEVELS[level], "%s", line.decode("utf-8", "replace"))


_log = LogFunction(_report)
_NO_PROGRESS = ProgressFunction()


class Context(Handle):
    """A context with what `set_threads`, `set_kernels` and `set_limit` say. It logs to the logger "seqdemand"."""

    def __init__(self) -> None:
        made = Handle.make("context", "context_create", None)
        super().__init__("context", made._as_parameter_)
        made._as_parameter_ = None
        call("context_set_threads", self, _threads)
        if _kernels != "auto":
            call("context_set_kernels", self, _kernels.encode())
        for name, most in _limits.items():
            call("context_set_limit", self, name.encode(), most)
        loud = [number for number, level in enumerate(_LEVELS) if _LOGGER.isEnabledFor(level)]
        if loud:
            call("context_set_log", self, _log, None, max(loud))

    def run(self, progress: Progress, name: str, *arguments: Any) -> bool:
        """A long call. True when it was stopped early: `progress.raise_pending` then tells of an exception."""
        call("context_set_progress", self, progress.function, None)
        try:
            with progress.interruptible():
                status = call(name, *arguments)
        except Exception:
            progress.raise_pending()
            raise
        finally:
            call("context_set_progress", self, _NO_PROGRESS, None)
            progress.close()
        return status == STOPPED

    def make_long(self, kind: str, progress: Progress, name: str, *arguments: Any) -> Handle:
        """A handle that takes long to make. Stopped on the way there is none, and KeyboardInterrupt is raised."""
        pointer = c_void_p()
        stopped = self.run(progress, name, *arguments, pointer)
        progress.raise_pending()
        if stopped:
            raise KeyboardInterrupt
        return Handle(kind, pointer)


def set_threads(threads: int) -> None:
    """Threads for later trainings and predictions; 0, the default, takes all that this process may use.

    Results have the same bits for any number.
    """
    global _threads
    call("context_set_threads", Handle.make("context", "context_create", None), threads)
    _threads = int(threads)


def get_threads() -> int:
    """How many threads a training begun now works with."""
    return int(value("context_get_threads", Context()))


def set_kernels(level: str) -> None:
    """Holds later work to "ref" (plain C), "avx2", "avx512" or "auto". Results differ between them in the last bits."""
    global _kernels
    call("context_set_kernels", Handle.make("context", "context_create", None), level.encode())
    _kernels = level


def get_kernels() -> str:
    """The level that a training begun now works with."""
    return text("context_get_kernels", Context())


def set_limit(name: str, most: int) -> None:
    """Refuses later work (LimitError) beyond `most`; 0 takes the limit away.

    `name`: "memory" (bytes held at one time), "series", "rows", "field" (bytes of a CSV field) or "parameters".
    """
    call("context_set_limit", Handle.make("context", "context_create", None), name.encode(), most)
    _limits[name] = int(most)
