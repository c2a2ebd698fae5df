"""Keeps arguments that their calls change in a process of its own, in the sandbox.

A function gets fourteen trainings, say. An object that counts them in the learner's process can be
copied, reset, looked into or made anew. So the objects are in another process, the broker, which is
there before any of the learner's code; the function gets objects of the same classes whose calls
are sent over a Unix socket. Like `probe`, this module is sent to the kernel as source.

What the objects are made from goes to the broker in a file, which it removes. It never is in the
memory of the kernel, and the broker's own memory is open to no other process of the box.
"""

import ctypes
import os
import signal
import socket
import sys
import time
import warnings

from course_tools.grading.box import wire

#: The file with what the objects are made from, beside the kernel's connection file.
FILE = "kept.json"
_SOCKET = "broker"  # beside it
_MOST_BYTES = 8_000_000  # of a request
_CALLER_SECONDS = 5.0  # that a caller may stop in the middle of one
_LOOK_AGAIN = 1.0  # seconds after which the broker sees that the kernel has ended
_NOT_DUMPABLE = 4  # PR_SET_DUMPABLE
_READY = b"ready"
#: Errors of an object that arrive as what they were; all others become RuntimeErrors.
_ERRORS = (OverflowError, RuntimeError, TypeError, ValueError)


class KeptArguments:
    """The objects of the broker, and what their callers may still do.

    Objects belong to the call of the learner's function that they are arguments of. The calls have
    names that nobody can guess, and an order: once the objects of one are used, those of all calls
    before it are closed, so that nothing can be saved up for later.
    """

    def __init__(self, kept, build):
        """Keep what the objects are made from.

        Args:
            kept: pairs of the name of a call and the arguments to be built for it, as data.
            build: makes arguments of data: name of the argument -> object.
        """
        self._calls = list(kept)
        self._places = {name: place for place, (name, _) in enumerate(self._calls)}
        self._build = build
        self._place, self._objects = -1, {}

    def reply(self, request):
        """Return the reply to a request, both as bytes; whatever it is, an error is a reply."""
        try:
            said = wire.encode(self._result(wire.loads(request)))
        except Exception as error:
            kind = next((one for one in _ERRORS if isinstance(error, one)), RuntimeError)
            said = wire.encode(wire.RaisedInBox(kind.__name__, str(error)))
        return wire.dumps(said).encode()

    def _result(self, request):
        kept = self._of_call(request["of"])[request["name"]]
        if "given" in request:
            return kept(*wire.decode(request["given"]))
        return {name: one for name, one in vars(kept).items() if not name.startswith("_")}

    def _of_call(self, name):
        place = self._places[name]
        if place < self._place:
            raise RuntimeError("this argument belongs to an earlier call, and is closed")
        if place > self._place:
            self._place, self._objects = place, self._build(self._calls[place][1])
        return self._objects


class Elsewhere:
    """A call that the broker makes; takes the place of an object's `_next`."""

    def __init__(self, address, call, name):
        """Name the object.

        Args:
            address: path of the broker's socket.
            call: name of the call of the learner's function.
            name: name of the argument.
        """
        self._address, self._request = address, {"of": call, "name": name}

    def __call__(self, *given):
        """Return what the object returns.

        Raises:
            RuntimeError: the broker has ended, or does not answer in its form.
        """
        return self._asked({"given": wire.encode(given)})

    def attributes(self):
        """Return the object's public attributes, by name."""
        return self._asked({})

    def _asked(self, more):
        try:
            text = _exchanged(self._address, wire.dumps(self._request | more).encode())
            found = wire.decode(wire.loads(text))
        except (OSError, ValueError) as error:
            raise RuntimeError(
                f"the process that keeps {self._request['name']} does not answer: {error}"
            ) from None
        if isinstance(found, wire.RaisedInBox):
            kinds = {kind.__name__: kind for kind in _ERRORS}
            raise kinds.get(found.kind, RuntimeError)(found.message)
        return found


def stand_in(kind, folder, call, name):
    """Return an object of a class whose state is in the broker.

    Args:
        kind: the class.
        folder: folder of the kernel's connection file.
        call: name of the call of the learner's function.
        name: name of the argument.
    """
    made = kind.__new__(kind)
    made._next = Elsewhere(os.path.join(folder, _SOCKET), call, name)
    vars(made).update(made._next.attributes())
    return made


def _exchanged(address, request):
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(address)
        caller.sendall(request)
        caller.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: caller.recv(65_536), b""))


def start(folder, build):
    """Start the broker, which ends with this process; return when it has read and removed its file.

    Args:
        folder: folder of the kernel's connection file, with `FILE`: what `KeptArguments` keeps.
        build: makes arguments of data.

    Raises:
        RuntimeError: it cannot start.
    """
    kernel = os.getpid()
    ready, told = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # from Python 3.12 on: that this process has threads
        child = os.fork()
    if not child:
        try:
            os.close(ready)
            # The child of a child is the kernel's neither to wait for nor to list.
            if not os.fork():
                _run(folder, build, kernel, told)
        finally:
            os._exit(0)
    os.close(told)
    os.waitpid(child, 0)
    with open(ready, "rb") as words:
        said = words.read()
    if said != _READY:
        raise RuntimeError(f"the broker does not start: {said.decode(errors='replace')}")


def _run(folder, build, kernel, told):
    try:
        _leave(told)
        file = os.path.join(folder, FILE)
        with open(file, encoding="utf-8") as text:
            kept = KeptArguments(wire.loads(text.read()), build)
        os.unlink(file)
        server = socket.socket(socket.AF_UNIX)
        server.bind(os.path.join(folder, _SOCKET))
        server.listen(64)
        server.settimeout(_LOOK_AGAIN)
    except BaseException as error:
        os.write(told, f"{type(error).__name__}: {error}".encode())
        return
    os.write(told, _READY)
    os.close(told)
    while _is_there(kernel):
        try:
            caller, _ = server.accept()
        except OSError:  # nobody, for a while; or one who has left again
            continue
        with caller:
            _serve(caller, kept)


def _leave(told):
    """Cut what ties this process to the kernel that it was forked from."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_NOT_DUMPABLE, 0, 0, 0, 0):
        raise OSError("its memory cannot be closed to other processes")
    os.setsid()
    sys.path[:] = not_below(os.getcwd(), sys.path)
    os.chdir("/")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin = sys.stdout = sys.stderr = None  # the kernel's write to its sockets
    os.closerange(3, told)
    os.closerange(told + 1, os.sysconf("SC_OPEN_MAX"))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)


def not_below(folder, places):
    """Return where modules may come from that are imported later: not where a learner can write."""
    below = os.path.join(folder, "")
    return [place for place in places if place and not os.path.join(place, "").startswith(below)]


def _is_there(process):
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _serve(caller, kept):
    caller.settimeout(_CALLER_SECONDS)
    deadline = time.monotonic() + _CALLER_SECONDS
    request = b""
    try:
        while part := caller.recv(65_536):
            request += part
            if len(request) > _MOST_BYTES or time.monotonic() > deadline:
                return
        caller.sendall(kept.reply(request))
    except OSError:  # the caller has gone, or waits
        return
