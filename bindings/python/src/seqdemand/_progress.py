# SPDX-License-Identifier: Apache-2.0
"""What is heard of a long call while it runs: a bar, callbacks, and Ctrl-C."""
from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Optional

from ._functions import ProgressFunction

Callback = Callable[[dict[str, Any]], Any]


class Progress:
    """Shows a run on a tqdm bar, and carries Ctrl-C, or any exception of a callback, through the library.

    `show` None: when standard error is a terminal. Each of `callbacks` gets a dict of the struct seqd_progress after
    every step and stops the run by returning something true.
    """

    def __init__(self, show: Optional[bool] = None, *callbacks: Optional[Callback]) -> None:
        self._bar: Any = None
        self._callbacks = [callback for callback in callbacks if callback is not None]
        self._raised: Optional[BaseException] = None
        self._show = sys.stderr.isatty() if show is None else show
        self.function = ProgressFunction(self._report)

    def _report(self, _: Any, progress: Any) -> int:
        try:
            state = progress.contents
            if self._show:
                self._draw(state)
            told = state.asdict() if self._callbacks else {}
            stop = [bool(callback(told)) for callback in self._callbacks]
            return int(self._raised is not None or any(stop))
        except BaseException as problem:  # it cannot pass through C: raise_pending does it
            self._raised = problem
            return 1

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C is noted while the library runs: raised inside a callback, it could be lost on the way through C."""
        ours = (threading.current_thread() is threading.main_thread()
                and signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        if ours:
            signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            if ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def _interrupt(self, *_: Any) -> None:
        self._raised = KeyboardInterrupt()

    def _draw(self, state: Any) -> None:
        if self._bar is None:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                self._show = False
                return
            self._bar = tqdm(total=state.total_steps, leave=False)
        if self._bar.total != state.total_steps or state.step < self._bar.n:
            self._bar.reset(state.total_steps)
        self._bar.set_description(state.task.decode())
        if state.validation_loss == state.validation_loss:
            self._bar.set_postfix(loss=f"{state.train_loss:.4g}", validation=f"{state.validation_loss:.4g}")
        self._bar.update(state.step - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def raise_pending(self) -> None:
        """Raises what a callback raised, or KeyboardInterrupt."""
        problem, self._raised = self._raised, None
        if problem is not None:
            raise problem
