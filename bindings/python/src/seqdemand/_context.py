# SPDX-License-Identifier: Apache-2.0
"""Contexts: threads and progress of one run."""
import contextlib
import signal
import sys
import threading

from ._abi import Handle, ProgressFunction, STOPPED, call

_threads = 0


def set_threads(threads):
    """Threads for training and prediction; 0, the default, takes all that this process may use."""
    global _threads
    call("context_set_threads", Handle.make("context", "context_create", None), threads)
    _threads = int(threads)


class Progress:
    """Shows a run on a tqdm bar, and carries Ctrl-C (or any exception of `callback`) through the library."""

    def __init__(self, show=None, callback=None):
        self._bar, self._callback, self._raised, self._interrupted = None, callback, None, False
        self._show = sys.stderr.isatty() if show is None else show
        self.function = ProgressFunction(self._report)

    def _report(self, _, progress):
        try:
            state = progress.contents
            if self._show:
                self._draw(state)
            return 1 if self._interrupted or self._callback and self._callback(state.asdict()) else 0
        except BaseException as problem:  # raised again by `check`
            self._raised = problem
            return 1

    @contextlib.contextmanager
    def interruptible(self):
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

    def _interrupt(self, *_):
        self._interrupted = True

    def _draw(self, state):
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

    def close(self):
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def check(self, status):
        if self._interrupted:
            raise KeyboardInterrupt
        if self._raised is not None:
            problem, self._raised = self._raised, None
            raise problem
        return status == STOPPED


class Context(Handle):
    """A context with the threads of `set_threads`."""

    def __init__(self):
        made = Handle.make("context", "context_create", None)
        super().__init__("context", made._as_parameter_)
        made._as_parameter_ = None
        call("context_set_threads", self, _threads)

    def run(self, progress, name, *arguments):
        """A long call under a Progress. Returns True when it was stopped early."""
        call("context_set_progress", self, progress.function, None)
        try:
            with progress.interruptible():
                status = call(name, *arguments)
        finally:
            call("context_set_progress", self, ProgressFunction(), None)
            progress.close()
        return progress.check(status)
