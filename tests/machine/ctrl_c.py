"""Ctrl-C for processes that tests start."""

import signal


def is_heard():
    """Let a new process hear SIGINT, as its `preexec_fn`.

    In a test run that was started in the background SIGINT is ignored, and that is inherited.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
