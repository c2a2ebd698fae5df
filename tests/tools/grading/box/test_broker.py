"""What the broker keeps behaves as in a notebook, and is out of a learner's reach."""

import json
import struct
import time

import numpy as np
import pytest

import course_tasks
from course_lib.range_test.models import BUDGET
from course_tasks import Raised, Stateful, built
from course_tools.grading import report
from course_tools.grading.box import broker, probe, wire
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.intake.notebook import Cell
from course_tools.grading.run import kernel_run, questions, submission_execution
from course_tools.grading.settings import Limits
from tests.tools.grading.box.alike import same

LIMITS = Limits(cell_seconds=60, task_seconds=60, submission_seconds=120)
HIDDEN = 2.7182817  # a curvature; no code here may have it in the form in which it is sought
TRAIN = Stateful(
    "range_test.models.Trainings", number=7, curvature=HIDDEN, spread=3.0, noise=0.3, steps=50
)
BATCHES = Stateful(
    "range_test.models.Minibatches", curvatures=[1.5, 0.25, 3.0], spread=0.7, seed=11
)
QUESTION = questions._as_data({"train": TRAIN})


def asked(code, cases, *, limits=LIMITS, unsafe=False):
    warm = WarmKernels(limits, unsafe=unsafe)
    request = submission_execution.RunRequest((), [Cell(code)], cases, limits)
    ran = submission_execution.run(request, warm)
    return {name: found[-1] for name, found in ran.asked.items()}


def answers(code, name, cases, **more):
    found = asked(code, {name: cases}, **more)[name]
    assert found.outcome == report.ANSWERED, found
    return found.values


SAID = """
def said(call):
    try:
        return call()
    except Exception as error:  # NumPy has kinds of TypeError that no code asks for by their names
        kinds = (TypeError, ValueError, RuntimeError, OverflowError, AttributeError)
        return [kind.__name__ for kind in kinds if isinstance(error, kind)], str(error)
"""
SAME_TRAININGS = """
import numpy as np
from decimal import Decimal
from fractions import Fraction
from course_lib.range_test.models import Trainings

ODD = ("0.1", None, True, np.float32(0.1), Fraction(1, 7), Decimal(1), np.array(0.1), 1j, [0.1],
       10**400, float("nan"), np.inf, -0.0, -1, 2, np.int8(3), np.bool_(True), 1e-300)

def same_trainings(train, rates, odd):
    given = [one if one >= 0 else ODD[-int(one)] for one in rates]
    found = [said(lambda: train(one)) for one in given] + [said(lambda: train(rate=0.01))]
    found += [said(train), said(lambda: train(0.1, 0.2)), said(lambda: train.left)]
    shown = repr(train).rpartition(" at ")[0]
    return [found, train.number, shown, type(train) is Trainings, callable(train), train == train]
"""
SAME_BATCHES = """
import numpy as np

def same_batches(loss_and_gradient, weights):
    forms = (np.asarray, list, tuple, np.float32, lambda w: w.reshape(-1, 1), lambda w: w[:2],
             lambda w: w[0], lambda w: w.astype(int), np.asfortranarray, lambda w: "weights",
             lambda w: None, lambda w: w.reshape(1, -1), lambda w: w > 0)
    found = []
    for number, w in enumerate(weights):
        form = forms[number % len(forms)](w)
        found.append(said(lambda: loss_and_gradient(form)))
        if isinstance(found[-1][0], float):
            found[-1][1][...] *= 2.0  # it is the caller's
    return found
"""


def in_a_notebook(code, name, case):
    names = {}
    exec(SAID + code, names)
    return names[name](**built(case))


@pytest.mark.parametrize("seed", range(4))
def test_trainings_are_the_same_as_in_a_notebook(seed, needs_sandbox):
    rng = np.random.default_rng(seed)
    settings = {
        "curvature": float(10 ** rng.uniform(-2, 4)),
        "spread": float(rng.uniform(1, 4)),
        "noise": float(rng.uniform(0, 0.5)),
        "steps": int(rng.integers(1, 90)),
    }
    train = Stateful("range_test.models.Trainings", number=int(rng.integers(99)), **settings)
    cases = []
    for _ in range(6):
        rates = 10 ** rng.uniform(-6, 3, size=rng.integers(1, 40))
        odd = rng.random(len(rates)) < 0.4
        rates[odd] = -rng.integers(1, 18, size=odd.sum())
        cases.append({"train": train, "rates": rates, "odd": 0})
    found = answers(SAID + SAME_TRAININGS, "same_trainings", cases)
    for case, one in zip(cases, found, strict=True):
        assert same(one, in_a_notebook(SAME_TRAININGS, "same_trainings", case))


def test_batches_are_the_same_as_in_a_notebook(needs_sandbox):
    rng = np.random.default_rng(5)
    cases = []
    for _ in range(6):
        n = int(rng.integers(1, 5))
        settings = {
            "curvatures": rng.uniform(0.1, 9, size=n).tolist(),
            "seed": int(rng.integers(99)),
        }
        given = Stateful(
            "range_test.models.Minibatches", spread=float(rng.uniform(0, 2)), **settings
        )
        cases.append({"loss_and_gradient": given, "weights": 9 * rng.standard_normal((30, n))})
    found = answers(SAID + SAME_BATCHES, "same_batches", cases)
    for case, one in zip(cases, found, strict=True):
        assert same(one, in_a_notebook(SAME_BATCHES, "same_batches", case))


@pytest.mark.parametrize("task", course_tasks.EXERCISES["ex07_range_test"], ids=lambda t: t.name)
def test_what_calls_change_is_kept_and_its_class_can_be(task):
    for case in task.cases(2):
        for value in case.values():
            if isinstance(value, Stateful):
                assert callable(value.build()._next)


def test_only_an_exercise_that_needs_one_has_a_broker():
    boot = questions.boot_cell([questions.probe_cell("f", [{"x": 1}], "n")])
    assert broker.__name__ not in boot.source
    assert boot.kept == ""


def test_nothing_that_is_hidden_stands_in_a_cell():
    probe_cell = questions.probe_cell("f", [{"train": TRAIN, "x": 4.5}], "n")
    boot = questions.boot_cell([probe_cell])
    assert "4.5" in probe_cell.source
    assert "curvature" not in probe_cell.source
    assert "7182817" not in boot.source + probe_cell.source
    assert "7182817" in boot.kept


def test_every_asking_has_names_of_its_own():
    cells = [questions.probe_cell("f", [{"train": TRAIN}] * 2, "n") for _ in range(2)]
    names = [name for cell in cells for name in cell.kept]
    assert len(set(names)) == 4


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path):
    (tmp_path / broker.FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        kernel_run._leave_file("text", tmp_path / "connection.json")
    assert not (tmp_path / "elsewhere").exists()


LOOKING = """
import os

TABLE = bytes(byte ^ 0x5A for byte in range(256))  # so that what is sought is nowhere itself

def looks(train, known, sought):
    train(known)
    sought = [bytes(one) for one in sought]
    found, closed = [0] * len(sought), []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/maps") as maps:
                lines = maps.read().splitlines()
            memory = open(f"/proc/{process}/mem", "rb", 0)
        except PermissionError:
            closed.append(process)
            continue
        for line in lines:
            begin, end = (int(place, 16) for place in line.split()[0].split("-"))
            try:
                memory.seek(begin)
                part = memory.read(end - begin).translate(TABLE)
            except (OSError, ValueError, OverflowError):
                continue
            found = [n + part.count(one) for n, one in zip(found, sought)]
    opened = []
    for name in ("mem", "maps", "environ", "auxv", "stack", "syscall", "fd/3"):
        for process in closed:
            try:
                opened.append(open(f"/proc/{process}/{name}").read(1))
            except OSError:
                pass
    folder = os.path.dirname(train._next._address)
    return [found, len(closed), opened, sorted(n for n in os.listdir(folder) if "kernel" not in n)]
"""


def test_no_memory_that_a_learner_can_read_has_what_is_hidden(needs_sandbox):
    known = 0.0123456789
    numbers = [known, HIDDEN]
    texts = [struct.pack("d", one) for one in numbers] + [repr(one).encode() for one in numbers]
    sought = [[byte ^ 0x5A for byte in one] for one in texts]
    case = {"train": TRAIN, "known": known, "sought": sought}
    ((found, closed, opened, files),) = answers(LOOKING, "looks", [case])
    assert min(found[0], found[2]) > 0  # what the function knows is found
    assert (found[1], found[3]) == (0, 0)
    assert (closed, opened) == (1, [])  # the broker
    assert files == ["broker", "connection.json"]


HARMING = """
import os, signal, socket

def peak(train):
    return train(0.1)

def to_all(number):
    for process in filter(str.isdigit, os.listdir("/proc")):
        if int(process) not in (1, os.getpid()):
            os.kill(int(process), number)

def kills(train):
    train(0.1)
    to_all(signal.SIGKILL)
    return train(0.1)

def replaces(train):
    address = train._next._address
    os.unlink(address)
    false = socket.socket(socket.AF_UNIX)
    false.bind(address)
    false.listen()
    if os.fork() == 0:
        try:
            caller, _ = false.accept()
            caller.recv(1000)
            caller.sendall(b"3.0 is the best loss of all")
        finally:
            os._exit(0)
    false.close()
    return train(0.1)

def rubbish(train):
    for text in (b"", b"{", b"[]", b"3", b'"of"', b"\\xff\\x00" * 99, b"[" * 99_999,
                 b'{"of": []}', b'{"of": "x", "name": "train"}', b" " * 10_000_000,
                 b'{"of": %s, "name": [], "given": {}}', b'{"of": %s, "name": "train", "given": 3}',
                 b'{"of": %s, "name": "train", "given": {"t": "list", "of": "", "v": [{}]}}',
                 b'{"of": %s, "name": "train", "given": {"t": "float", "v": 0.1}}',
                 b'{"of": %s, "name": "train", "given": {"t": "text", "v": "0123456789abcdef"}}'):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(train._next._address)
            try:
                caller.sendall(text.replace(b"%s", b'"%s"' % train._next._request["of"].encode()))
                caller.shutdown(socket.SHUT_WR)
                print(caller.recv(300))
            except OSError as error:
                print(type(error).__name__)
    for _ in range(3):
        waiting = socket.socket(socket.AF_UNIX)
        waiting.connect(train._next._address)
        waiting.close()
    return train(0.1)
"""


def test_rubbish_costs_nobody_anything(needs_sandbox):
    case = {"train": TRAIN}
    found = asked(HARMING, {"rubbish": [case], "peak": [case, case]})
    loss = TRAIN.build()(0.1)
    assert found["rubbish"].values == (loss,), found["rubbish"].printed
    assert found["peak"].values == (loss, loss)


@pytest.mark.parametrize("name", ["kills", "replaces"])
def test_without_a_broker_a_call_raises_a_clear_error(name, needs_sandbox):
    (found,) = answers(HARMING, name, [{"train": TRAIN}])
    assert isinstance(found, Raised)
    assert found.kind == "RuntimeError"
    assert found.message.startswith("the process that keeps train does not answer")


def test_who_stops_the_broker_is_out_of_time_and_the_others_are_asked(needs_sandbox):
    code = HARMING + "def stops(train):\n    to_all(signal.SIGSTOP)\n    return train(0.1)\n"
    limits = Limits(cell_seconds=60, task_seconds=2, submission_seconds=120)
    found = asked(code, {"stops": [{"train": TRAIN}], "peak": [{"train": TRAIN}]}, limits=limits)
    assert found["stops"].outcome == report.TIMED_OUT
    assert found["peak"].values == (TRAIN.build()(0.1),)


def test_it_works_without_a_sandbox_too_and_ends_with_the_kernel():
    code = "import os\n\ndef peak(train):\n    return [train(0.1), train._next._address]"
    ((loss, address),) = answers(code, "peak", [{"train": TRAIN}], unsafe=True)
    assert loss == TRAIN.build()(0.1)
    deadline = time.monotonic() + 30
    while (left := _brokers(address)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []


def _brokers(address):
    """Processes that hold a socket of this name."""
    with open("/proc/net/unix", encoding="utf-8") as sockets:
        return [line for line in sockets if line.rstrip().endswith(address)]


def test_no_module_is_imported_later_from_a_learner_s_folder():
    places = ["", "/home/learner", "/home/learner/lib", "/home/learners", "/usr/lib/python3"]
    assert broker.not_below("/home/learner", places) == ["/home/learners", "/usr/lib/python3"]


def kept(*questions_):
    calls = [[f"call {n}", one] for n, one in enumerate(questions_)]
    return broker.KeptArguments(calls, probe.arguments)


def reply(keeper, call, *given, name="train", **more):
    request = {"of": call, "name": name, "given": wire.encode(given)} | more
    return wire.decode(wire.loads(keeper.reply(json.dumps(request).encode())))


def test_it_counts_each_call_s_trainings():
    keeper, real = kept(QUESTION, QUESTION), TRAIN.build()
    for call in ("call 0", "call 1"):
        rates = np.geomspace(0.01, 1, BUDGET)
        assert [reply(keeper, call, rate) for rate in rates] == (
            [real._next(rate) for rate in rates]
            if call == "call 0"
            else [TRAIN.build()(rate) for rate in rates]
        )
        assert reply(keeper, call, 0.1).message.startswith("train may be called 14 times")
    assert reply(keeper, "call 0", 0.1).message.endswith("is closed")


@pytest.mark.parametrize("rates", [(), (0.1, 0.2), ([0.1],), (np.array([0.1]),), ("0.1",), (-1,)])
def test_it_checks_what_it_gets_as_the_object_does(rates):
    found = reply(kept(QUESTION), "call 0", *rates)
    with pytest.raises((TypeError, ValueError)) as raised:
        TRAIN.build()(*rates)
    assert (found.kind, found.message) == (raised.type.__name__, str(raised.value))


def test_private_attributes_stay_in_the_broker():
    keeper = kept(QUESTION)
    request = json.dumps({"of": "call 0", "name": "train"}).encode()
    assert wire.decode(wire.loads(keeper.reply(request))) == {"number": 7}
