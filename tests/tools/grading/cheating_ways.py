"""Ways of cheating: those that are to be seen in the text of the cells, and those that are not.

CHEATING, UNSEEN: name -> (exercise, task, the kind of what is told, "" for nothing, and the cells).
"""

from course_tools.grading.report import (
    CALLS_IMPLEMENTATION,
    NOT_IN_THE_CELLS,
    OTHER_LIBRARY,
    REACHES_BEYOND,
    READS_PRIVATE,
)

_CALL = "(peak_lr, total_steps, floor)(step)"
_LIBRARY = "from course_lib import schedules"
_HELPER = (
    f"import __main__\n{_LIBRARY}\ndef helper(peak_lr, total_steps, floor, step):\n"
    f"    return schedules.cosine{_CALL}"
)


def _cosine(kind, answer, before="", after=""):
    source = f"def cosine_rate(step, peak_lr, total_steps, floor):\n    return {answer}\n"
    return ("ex03_cosine", "cosine_rate", kind, before, source, after)


def _calls(answer, before="", after=""):
    return _cosine(CALLS_IMPLEMENTATION, answer, before, after)


def _reaches(answer, before=""):
    return _cosine(REACHES_BEYOND, answer, before)


def _peak(kind, body, before=""):
    source = f"def choose_peak(train):\n    {body}\n"
    return ("ex07_range_test", "choose_peak", kind, before, source)


def _warmup(kind, answer):
    source = f"def with_warmup(step, schedule, warmup_steps):\n    return {answer}\n"
    return ("ex04_warmup", "with_warmup", kind, source)


CHEATING = {
    "the cheat sheet's schedules": _calls(
        f"schedules.cosine{_CALL}", "from course_lib.reference.cheat_sheet import schedules"
    ),
    "an explorer's schedules": _calls(
        f"quadratic_families.schedules.cosine{_CALL}",
        "from course_lib.explorers import quadratic_families",
    ),
    "a plot's schedules": _calls(
        f"plots.lesson05.schedules.cosine{_CALL}",
        "from course_lib import plots\nimport course_lib.plots.lesson05",
    ),
    "all names of the library": _calls(f"cosine{_CALL}", "from course_lib.schedules import *"),
    "a method that a cell checks": (
        "ex03_cosine",
        "cosine_rate",
        CALLS_IMPLEMENTATION,
        f"{_LIBRARY}\nclass Mine:\n    def cosine_rate(self, step, peak_lr, total_steps, floor):\n"
        f"        return schedules.cosine{_CALL}",
        "check(Mine().cosine_rate, seed)",
    ),
    "a method behind a function that is never defined": (
        "ex03_cosine",
        "cosine_rate",
        CALLS_IMPLEMENTATION,
        f"{_LIBRARY}\nclass Mine:\n    def cosine_rate(self, step, peak_lr, total_steps, floor):\n"
        f"        return schedules.cosine{_CALL}\nif not Mine:\n    def cosine_rate(): pass",
        "check(Mine().cosine_rate, seed)",
    ),
    "a method of a class that a condition defines": (
        "ex03_cosine",
        "cosine_rate",
        CALLS_IMPLEMENTATION,
        f"{_LIBRARY}\nif schedules:\n    class Mine:\n"
        "        def cosine_rate(self, step, peak_lr, total_steps, floor):\n"
        f"            return schedules.cosine{_CALL}",
        "check(Mine().cosine_rate, seed)",
    ),
    "a cell pasted with an indentation": _calls(
        "helper(peak_lr, total_steps, floor, step)",
        "    " + _HELPER.replace("\n", "\n    "),
    ),
    "a cell pasted with prompts": _calls(
        "helper(peak_lr, total_steps, floor, step)",
        ">>> " + _HELPER.replace("\n", "\n>>> ").replace(">>>  ", "...  "),
    ),
    "two magics above a cell": _calls(
        "helper(peak_lr, total_steps, floor, step)", f"%%capture\n%%time\n{_HELPER}"
    ),
    "a call in a helper that is imported from the notebook itself": _calls(
        "other(peak_lr, total_steps, floor, step)",
        "def helper(peak_lr, total_steps, floor, step):\n"
        f"    return schedules.cosine{_CALL}\n{_LIBRARY}",
        "from __main__ import helper as other",
    ),
    "the same by the name of the notebook's module": _calls(
        "__main__.helper(peak_lr, total_steps, floor, step)",
        _HELPER,
        "from __main__ import helper",
    ),
    "a text that runs, by the name of its module": _reaches(
        "builtins.eval('step')", "import builtins"
    ),
    "the names that are built in": _reaches("builtins.__dict__['step']", "import builtins"),
    "the module of what is built in by another name": _peak(
        REACHES_BEYOND, "b = builtins\n    return b.eval('train')", "import builtins"
    ),
    "the same in another cell": _reaches("b.eval('1')", "import builtins\nb = builtins"),
    "the same as a default": _reaches(
        "helper()", "import builtins\ndef helper(b=builtins):\n    return b.eval('1')"
    ),
    "the same by a pattern": _peak(
        REACHES_BEYOND,
        "match builtins:\n        case object(eval=run):\n            return run('train')",
        "import builtins",
    ),
    "the notebook's module by another name": _reaches(
        "m.helper(peak_lr, total_steps, floor, step)", f"{_HELPER}\nm = __main__"
    ),
    "a helper that is asked of the notebook's module": _reaches(
        "attrgetter('helper')(__main__)(peak_lr, total_steps, floor, step)",
        f"from operator import attrgetter\n{_HELPER}",
    ),
    "a helper by a pattern": _peak(
        REACHES_BEYOND,
        "match __main__:\n        case object(helper=run):\n            return run(1, 9, 0, 3)",
        _HELPER,
    ),
    "the names of the notebook's module": _reaches(
        "__main__.__dict__['helper'](peak_lr, total_steps, floor, step)", _HELPER
    ),
    "torch's schedule": _calls(
        "CosineAnnealingWarmRestarts(optimizer, T_0=total_steps).get_last_lr()[0]"
    ),
    "torch's schedule by its path": _calls(
        "torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total_steps).get_last_lr()",
        "import torch",
    ),
    "a converter": (
        "ex06_one_cycle",
        "one_cycle_lr",
        CALLS_IMPLEMENTATION,
        "def one_cycle_lr(step, peak_lr, *a):\n"
        "    return from_library('torch.OneCycleLR', max_lr=peak_lr)(step)",
    ),
    "recorded rates": (
        "ex04_warmup",
        "library_rates",
        CALLS_IMPLEMENTATION,
        "def library_rates(library, *a):\n    return recorded_rates(library, 'cosine')",
    ),
    "the given schedule made anew": (
        "ex05_cyclical",
        "triangular_lr",
        CALLS_IMPLEMENTATION,
        "import dataclasses\ndef triangular_lr(step, base_lr, max_lr, step_size):\n"
        "    return dataclasses.replace(wave, name='')(step)",
    ),
    "the rank of the course": (
        "ex08_grand_comparison",
        "times_beaten",
        CALLS_IMPLEMENTATION,
        "from course_lib.compare import rank\n"
        "def times_beaten(scores, level):\n    return rank(scores, level).beaten_by",
    ),
    "another library's schedule": _calls(f"optax.cosine_decay_schedule{_CALL}", "import optax"),
    "Keras": _calls(
        f"theirs.CosineDecay{_CALL}", "from keras.optimizers import schedules as theirs"
    ),
    "an import in the function": (
        "ex03_cosine",
        "cosine_rate",
        CALLS_IMPLEMENTATION,
        "def cosine_rate(step, *a):\n    from course_lib.schedules import cosine as mine\n"
        "    return mine(*a)(step)",
    ),
    "a helper that is harmless in the end": _calls(
        f"helper{_CALL}",
        f"{_LIBRARY}\nhelper = schedules.cosine",
        "def helper(*a):\n    return lambda step: 0.0",
    ),
    "a helper that is harmless at first": _calls(
        f"helper{_CALL}",
        "def helper(*a):\n    return lambda step: 0.0",
        f"{_LIBRARY}\nhelper = schedules.cosine",
    ),
    "a list of functions": _calls(
        f"tools[0]{_CALL}", f"{_LIBRARY}\ntools = []\ntools.append(schedules.cosine)"
    ),
    "a function of NumPy replaced": _calls(
        "np.cos(step)", f"import numpy as np\n{_LIBRARY}\nnp.cos = schedules.cosine(1, 9)"
    ),
    "an attribute set": _calls(
        f"Plan.at{_CALL}", f"{_LIBRARY}\nclass Plan: pass\nsetattr(Plan, 'at', schedules.cosine)"
    ),
    "a name set by a function": _calls(
        f"mine{_CALL}",
        f"{_LIBRARY}\ndef put():\n    global mine\n    mine = schedules.cosine\nput()",
    ),
    "a written name": _calls(f"getattr(schedules, 'cosine'){_CALL}", _LIBRARY),
    "a getter of a written name": _calls(
        f"operator.attrgetter('cosine')(schedules){_CALL}", f"import operator\n{_LIBRARY}"
    ),
    "a shell line in the same cell": _calls(f"schedules.cosine{_CALL}", f"files = !ls\n{_LIBRARY}"),
    "a file written by a cell, and imported": _cosine(
        OTHER_LIBRARY,
        f"mine.cosine{_CALL}",
        "%%writefile mine.py\nfrom course_lib.schedules import *",
        "import mine",
    ),
    "an import by name": _reaches(
        f"importlib.import_module('course_lib.' + 'schedules').cosine{_CALL}", "import importlib"
    ),
    "an import by a built-in": _reaches(f"__import__('optax').cosine{_CALL}"),
    "modules that are loaded": _reaches(
        f"sys.modules['course_lib.schedules'].cosine{_CALL}", "import sys"
    ),
    "modules that another module holds": _reaches(
        f"dataclasses.sys.modules['course_lib.schedules'].cosine{_CALL}", "import dataclasses"
    ),
    "a plotting library's import": _reaches(
        f"plt.importlib.import_module('course_lib.schedules').cosine{_CALL}",
        "import matplotlib.pyplot as plt",
    ),
    "an attribute of a name put together": _reaches(
        "getattr(plots, 'sche' + 'dules')", "from course_lib import plots"
    ),
    "the names of the notebook": _reaches("globals()['s' + 'chedules'].cosine"),
    "a function's own names": _reaches(
        "plots.show.__globals__['schedules'].cosine", "from course_lib import plots"
    ),
    "a generator's frame": _reaches("(x for x in ()).gi_frame.f_back.f_globals"),
    "all classes": _reaches("object.__subclasses__()[0]"),
    "text that runs": _reaches("eval('sche' + 'dules').cosine(1, 2)(step)"),
    "all objects": _reaches("gc.get_objects()", "import gc"),
    "another process": _reaches("subprocess.run(['a'])", "import subprocess"),
    "a shell line in the function": (
        "ex03_cosine",
        "cosine_rate",
        REACHES_BEYOND,
        "def cosine_rate(step, peak_lr, total_steps, floor):\n    out = !python -c 'print(1)'\n"
        "    return float(out[0])",
    ),
    "a file": _reaches("float(open('rates.txt').read())"),
    "a file of NumPy": _reaches("np.load('rates.npy')[step]"),
    "a file of torch": _reaches("torch.load('rates.pt')[step]"),
    "memory": _reaches("ctypes.c_int(1)", "import ctypes"),
    "the notebook's outputs": _reaches("Out[3](step)"),
    "a helper made of text": _cosine(
        NOT_IN_THE_CELLS, "mine(step)", "exec('from course_lib.schedules import cosine as mine')"
    ),
    "the inner rates of a schedule": _warmup(READS_PRIVATE, "schedule._rates[step]"),
    "the inner rates by a written name": _warmup(READS_PRIVATE, "getattr(schedule, '_rates')"),
    "the settings of the training": _peak(READS_PRIVATE, "return train._settings[0]"),
    "the training's counter set back": _peak(READS_PRIVATE, "train._made = 0"),
    "the training pickled": _peak(
        REACHES_BEYOND, "return pickle.loads(pickle.dumps(train))(1)", "import pickle"
    ),
    "the training's variables": _peak(REACHES_BEYOND, "return vars(train)['number']"),
    "the training's dictionary": _peak(REACHES_BEYOND, "train.__dict__.update(number=0)"),
    "the training rebuilt by its protocol": _peak(REACHES_BEYOND, "return train.__reduce_ex__(2)"),
    "a training of one's own": _peak(
        CALLS_IMPLEMENTATION, "return Trainings(train.number, 5.0, 3.0, 0.3, 50)(1)"
    ),
    "the training's type, kept by another name": _peak(
        CALLS_IMPLEMENTATION, "return Own(train.number, 5.0, 3.0, 0.3, 50)(1)", "Own = Trainings"
    ),
    "its losses from the course": _peak(
        CALLS_IMPLEMENTATION,
        "return losses_of(train)",
        "from course_lib.range_test.models import losses_of",
    ),
    "what scores the answer": _peak(
        CALLS_IMPLEMENTATION,
        "return models.losses_of(5.0, 3.0, 0.3, 50, np.ones(3))",
        "from course_lib.range_test import models",
    ),
}

#: What reading the code does not find.
UNSEEN = {
    "a training copied": _peak("", "return copy.deepcopy(train)(1)", "import copy"),
    "a training of the same type": _peak("", "return type(train)(0, 5.0, 3.0, 0.3, 50)(1)"),
    "a copy of somebody's code": _cosine("", "floor + (peak_lr - floor) * 0.5"),
    "what a function in another cell puts into an object": _cosine(
        "",
        "tools.best(step)",
        "import types\ntools = types.SimpleNamespace()\ndef put(it):\n"
        f"    {_LIBRARY}\n    it.best = schedules.cosine(1, 9)\nput(tools)",
    ),
}
