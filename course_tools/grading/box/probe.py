"""Asks a learner's function for its answers; runs beside the learner's code, in the sandbox.

The grader sends the source of this module and of `wire` to the kernel; nothing here is secret, and
nothing that comes back is believed: it is a list of values that somebody claims to have computed.
"""

import contextlib
import copy
import importlib
import os
import sys
import time
import traceback

from course_tools.grading.box import wire

MIME = "application/vnd.lr-course.answers"


def report(name, questions, nonce):
    """Send the answers of a function to the grader, as a display of a type of its own.

    Args:
        name: name of the function in the notebook.
        questions: the arguments of every call, as data.
        nonce: tells these answers from those of another cell.
    """
    from IPython import get_ipython
    from IPython.display import publish_display_data

    function = get_ipython().user_ns.get(name)
    start = time.monotonic()
    with _without_pictures():
        found = None if function is None else [_encoded(function, one) for one in questions]
    seconds = time.monotonic() - start
    sys.stdout.flush()
    said = {"nonce": nonce, "answers": found, "seconds": seconds}
    publish_display_data({MIME: wire.dumps(said)})


@contextlib.contextmanager
def _without_pictures():
    """Draw nothing of what is shown: a plot left in a function would be drawn at every call."""
    from IPython import get_ipython

    formatter = get_ipython().display_formatter
    before = formatter.active_types
    formatter.active_types = ["text/plain"]
    try:
        yield
    finally:
        formatter.active_types = before


def _close_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def _encoded(function, question):
    try:
        answer = wire.encode(_answer(function, question))
        _close_figures()
        return answer
    except BaseException as error:  # whatever an odd object does when it is looked at
        return wire.encode(wire.RaisedInBox(type(error).__name__, _message(error)))


def _answer(function, question):
    given = arguments(question)
    try:
        return function(**given)
    except BaseException as error:  # SystemExit ends no grading either
        return wire.RaisedInBox(type(error).__name__, _message(error), _line(error))


def _message(error):
    try:
        return str(error)
    except BaseException:
        return "an error whose text cannot be made"


def _line(error):
    """Return the learner's own line in which an error arose: the last of a notebook's cell."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "ipykernel_" in frame.filename]
    return (own[-1].line or "") if own else ""


def arguments(question):
    """Return the arguments of a call, new ones each time."""
    return {name: _built(name, value) for name, value in question}


def _built(name, value):
    if "given" in value:
        return _named(value["given"])(**arguments(value["arguments"]))
    if "kept" in value:
        from course_tools.grading.box import broker  # only where there is one

        return broker.stand_in(_named(value["class"]), _folder(), value["kept"], name)
    return copy.deepcopy(wire.decode(value))


def keep(paths):
    """Start the process that keeps what changes from call to call.

    Args:
        paths: the classes of what it keeps: they are imported here once, for both processes.
    """
    from course_tools.grading.box import broker

    for path in paths:
        _named(path)
    broker.start(_folder(), arguments)


def _folder():
    from ipykernel.connect import get_connection_file

    return os.path.dirname(get_connection_file())


def _named(path):
    """Return a function or class of course_lib."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"course_lib.{module}"), name)
