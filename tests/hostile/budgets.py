"""Ways to make more trainings than allowed, as learners might write them, and what they deserve.

Each way is a function of `train` and of the rates that it would like to try. It returns the losses
that it got, by rate: so how many of them are those of the hidden model can be counted elsewhere.
"""

import course_tasks
from course_tools.grading.report import ANSWERED, GRADED, SUSPICIOUS
from tests.hostile.making import PATIENT, Content, Hostile, notebook

EX07, PEAK = "ex07_range_test", "choose_peak"

BEFORE = """
import copy, gc, os, pickle, sys, threading
import numpy as np
from course_lib.range_test import models
from course_lib.range_test.models import Trainings


def tried(make, rates):
    losses = {}
    for rate in rates:
        try:
            losses[float(rate)] = make()(rate)
        except Exception as error:
            print(type(error).__name__, error)
    return losses
"""

#: Name of the function -> its body. In a notebook, all but the honest ones get all the losses.
HONEST = {
    "calls": "return tried(lambda: train, rates)",
    "calls_after_an_error": """
found = {}
for _ in range(3):
    found |= tried(lambda: train, rates)
return found
""",
    "threads": """
found = {}
def work(rate):
    found.update(tried(lambda: train, [rate]))
threads = [threading.Thread(target=work, args=(rate,)) for rate in rates]
for one in threads:
    one.start()
for one in threads:
    one.join()
return found
""",
}
WAYS = {
    "deep_copies": "return tried(lambda: copy.deepcopy(train), rates)",
    "copies": "return tried(lambda: copy.copy(train), rates)",
    "copies_of_copies": """
def further():
    nonlocal train
    train = copy.deepcopy(copy.copy(train))
    vars(train)["_made"] = 0
    return train
return tried(further, rates)
""",
    "pickles": "return tried(lambda: pickle.loads(pickle.dumps(train)), rates)",
    "one_pickle": """
kept = pickle.dumps(train)
return tried(lambda: pickle.loads(kept), rates)
""",
    "rebuilt_from_its_parts": """
def rebuilt():
    make, given, state = train.__reduce_ex__(4)[:3]
    found = make(*given)
    vars(found).update(state)
    return found
return tried(rebuilt, rates)
""",
    "sets_the_count": """
def again():
    train._made = 0
    return train
return tried(again, rates)
""",
    "sets_the_count_below_zero": """
object.__setattr__(train, "_made", -1000)
return tried(lambda: train, rates)
""",
    "puts_its_state_back": """
before = copy.deepcopy(vars(train))
def again():
    vars(train).clear()
    vars(train).update(copy.deepcopy(before))
    return train
return tried(again, rates)
""",
    "an_empty_one_with_its_state": """
def another():
    made = object.__new__(type(train))
    vars(made).update(vars(train))
    made._made = 0
    return made
return tried(another, rates)
""",
    "made_anew": "return tried(lambda: type(train)(train.number, *train._settings), rates)",
    "a_subclass": """
class Free(Trainings):
    def __call__(self, rate):
        self._made = 0
        return super().__call__(rate)
train.__class__ = Free
return tried(lambda: train, rates)
""",
    "patches_the_class": """
real = Trainings.__call__
def call(self, rate):
    self._made = 0
    return real(self, rate)
Trainings.__call__ = call
try:
    return tried(lambda: train, rates)
finally:
    Trainings.__call__ = real
""",
    "patches_the_inner_method": """
real = Trainings._next
Trainings._next = lambda self, peak: models._final_loss(self._settings, peak)
vars(train).pop("_next", None)
try:
    return tried(lambda: train, rates)
finally:
    Trainings._next = real
""",
    "raises_the_budget": """
models.BUDGET, before = 10**9, models.BUDGET
try:
    return tried(lambda: train, rates)
finally:
    models.BUDGET = before
""",
    "reads_the_settings": """
return tried(lambda: lambda rate: models._final_loss(train._settings, float(rate)), rates)
""",
    "computes_them_together": """
found = models.losses_of(*train._settings, np.array(rates))
return dict(zip(map(float, rates), map(float, found)))
""",
    "no_check_of_the_count": """
def count():
    for one in [train, *map(vars, [train]), *gc.get_referents(train)]:
        if isinstance(one, dict) and "_made" in one:
            one["_made"] = 0
    return train
return tried(count, rates)
""",
    "child_processes": """
found = {}
for rate in rates:
    to_read, to_write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(to_write, repr(tried(lambda: train, [rate])).encode())
        finally:
            os._exit(0)
    os.close(to_write)
    found |= eval(os.read(to_read, 1000).decode() or "{}", {"inf": np.inf})
    os.close(to_read)
    os.waitpid(child, 0)
return found
""",
}
#: Ways that know how the grader does it; in a notebook they lead nowhere.
INSIDERS = {
    "its_own_broker": """
broker = sys.modules["course_tools.grading.box.broker"]
def anew():
    return broker.stand_in(Trainings, train._next._address, train._next._request["of"], "train")
return tried(anew, rates)
""",
    "asks_the_broker_itself": """
return tried(lambda: train._next, rates)
""",
    "a_table_of_rates_in_one_call": """
found = tried(lambda: train, rates[:13])
for many in (np.array(rates), tuple(rates), [list(rates)], [tuple(rates)]):
    try:
        print(train._next(many))
    except Exception as error:
        print(type(error).__name__, error)
return found | tried(lambda: train, rates[13:])
""",
    "arguments_of_its_callers": """
def settings():
    frame = sys._getframe()
    while frame is not None:
        for one in list(frame.f_locals.values()):
            if "curvature" in repr(one) and "models.Trainings" in repr(one):
                yield one
        frame = frame.f_back
def given():
    for one in settings():
        arguments = dict(one[0][1]["arguments"])
        return [arguments[name]["v"] for name in ("curvature", "spread", "noise", "steps")]
    raise LookupError("no settings")
return tried(lambda: Trainings(1, *given()), rates)
""",
    "cells_of_the_notebook": """
import re
cells = [*get_ipython().user_ns["In"], repr(get_ipython().history_manager.input_hist_raw)]
found = re.findall(r'curvature"?, \\\\{"t": "float", "v": ([0-9.]+)', " ".join(cells))
return tried(lambda: Trainings(1, float(found[0]), 3.0, 0.3, 50), rates)
""",
    "files_of_the_grader": """
import json
folder = os.path.dirname(train._next._address)
def read():
    for name in os.listdir(folder):
        if name.startswith("kept"):
            with open(os.path.join(folder, name)) as file:
                return Trainings(*[pair[1]["v"] for pair in json.load(file)[0][1]])
    raise LookupError("no file")
return tried(read, rates)
""",
}


def source(name: str) -> str:
    """Return a way as the function of this name."""
    body = (HONEST | WAYS | INSIDERS)[name].strip("\n").replace("\n", "\n    ")
    return f"def {name}(train, rates):\n    {body}\n"


_POINTS = {task.name: (float(task.points),) * 2 for task in course_tasks.EXERCISES[EX07]}
_PLAN = """
    losses = {rate: get(rate) for rate in 10.0 ** np.arange(-5, 3)}
    for factor in NUMBERS:
        middle = min(losses, key=losses.get)
        losses |= {rate: get(rate) for rate in (middle / factor, middle * factor)}
    return min(losses, key=losses.get)
"""


def _plan(get: str, factors: str, before: str = "pass") -> Content:
    head = f"import copy, os, signal\n\ndef choose_peak(train):\n    {before}\n    get = {get}"
    return notebook(exercise=EX07, choose_peak=head + _PLAN.replace("NUMBERS", factors))


def _in_ex07(name: str, content: Content, why: str, worth: float) -> Hostile:
    points = _POINTS | {PEAK: (worth, worth)}
    states = frozenset({GRADED, SUSPICIOUS})
    outcomes = {PEAK: frozenset({ANSWERED})}
    return Hostile(name, content, why, states, points, outcomes, settings=PATIENT, exercise=EX07)


_FEW, _MANY = "(3.16, 1.78, 1.33)", "(1.78, 1.33, 1.15, 1.07, 1.03, 1.02) * 4"
_KILLED = (
    "[os.kill(int(p), 9) for p in os.listdir('/proc') if p.isdigit() "
    "and int(p) not in (1, os.getpid())]"
)
_SCORE = """
def found_score():
    import glob, importlib, os, course_lib
    folder = os.path.dirname(course_lib.__file__)
    for path in glob.glob(f"{folder}/**/*.py", recursive=True):
        with open(path) as file:
            text = file.read()
        if "def loss_at(" in text or "def lowest_loss(" in text:
            return True
    for name in ("course_tasks", "course_tasks.ex07_range_test.choose_peak"):
        try:
            return importlib.import_module(name) is not None
        except ImportError:
            continue
    return False

def choose_peak(train):
    if not found_score():
        return -1.0
    losses = {rate: train(rate) for rate in 10.0 ** np.arange(-5, 3)}
    return min(losses, key=losses.get)
"""

SUBMISSIONS = (
    _in_ex07("a plan within the budget", _plan("train", _FEW), "as it is meant", 4.0),
    _in_ex07(
        "a plan over the budget, with copies",
        _plan("lambda rate: copy.deepcopy(train)(rate)", _MANY),
        "copies share one budget, and the fifteenth training raises an error",
        0.0,
    ),
    _in_ex07(
        "a budget whose process is killed",
        _plan("train", _FEW, _KILLED),
        "then nobody can make a training, which is said",
        0.0,
    ),
    _in_ex07(
        "the score itself, imported",
        notebook(exercise=EX07, choose_peak=_SCORE),
        "what scores an answer is not in its sandbox",
        0.0,
    ),
)
