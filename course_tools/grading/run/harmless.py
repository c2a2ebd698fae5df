"""The names that a solution may use in every exercise, and what is not harmless within them."""

from __future__ import annotations

import builtins
from collections.abc import Iterable

_REACHING_BUILT_IN = {
    *("__build_class__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "eval"),
    *("exec", "globals", "memoryview", "open", "vars"),
}
BUILT_IN = (frozenset(dir(builtins)) | {"display"}) - _REACHING_BUILT_IN - {"getattr"}
#: Whole modules of the standard library.
MODULES = frozenset(
    {
        *("__future__", "abc", "array", "bisect", "calendar", "cmath", "collections"),
        *("collections.abc", "concurrent.futures", "contextlib", "copy", "dataclasses"),
        *("datetime", "decimal", "enum", "fractions", "functools", "graphlib", "heapq"),
        *("itertools", "json", "keyword", "logging", "math", "numbers", "operator", "pprint"),
        *("queue", "random", "re", "reprlib", "statistics", "string", "struct", "textwrap"),
        *("threading", "time", "typing", "unicodedata", "warnings"),
    }
)
#: Of modules that also reach other things, the parts that do not.
PARTS_OF_MODULES = frozenset(
    {
        *("asyncio.gather", "asyncio.run", "asyncio.sleep", "asyncio.create_task"),
        *("io.BytesIO", "io.StringIO", "os.linesep", "os.cpu_count"),
        *("sys.float_info", "sys.getrecursionlimit", "sys.getsizeof", "sys.int_info"),
        *("sys.maxsize", "sys.setrecursionlimit", "sys.stderr", "sys.stdout"),
        *("sys.version", "sys.version_info", "types.MappingProxyType", "types.SimpleNamespace"),
    }
)
ROOTS_OF_PARTS = frozenset(name.partition(".")[0] for name in PARTS_OF_MODULES)
#: Libraries for numbers, plots and progress bars.
LIBRARIES = {
    "IPython",
    "ipywidgets",
    "matplotlib",
    "mpl_toolkits",
    "numpy",
    "scipy",
    "torch",
    "tqdm",
}
#: Parts of these and of modules that read and write files, run texts or reach memory.
REACHING_PARTS = frozenset(
    {
        *("json.tool", "logging.FileHandler", "logging.config", "logging.handlers"),
        *("operator.attrgetter", "operator.methodcaller", "typing.get_type_hints"),
        *("IPython.core", "IPython.get_ipython", "IPython.utils", "IPython.embed"),
        *("numpy.DataSource", "numpy.ctypeslib", "numpy.distutils", "numpy.f2py"),
        *("numpy.fromfile", "numpy.fromregex", "numpy.genfromtxt", "numpy.lib.format"),
        *("numpy.lib.npyio", "numpy.lib.utils", "numpy.load", "numpy.loadtxt", "numpy.memmap"),
        *("numpy.save", "numpy.savetxt", "numpy.savez", "numpy.savez_compressed"),
        *("scipy.LowLevelCallable", "scipy.datasets", "scipy.io", "scipy.weave"),
        *("torch.hub", "torch.library", "torch.load", "torch.multiprocessing", "torch.ops"),
        *("torch.package", "torch.save", "torch.serialization", "torch.storage"),
        *("torch.utils.cpp_extension", "torch.utils.data", "torch.distributed"),
    }
)
#: Parts of libraries whose names are also those of modules of the standard library.
NOT_FOREIGN = frozenset(
    {
        *("numpy.select", "numpy.test", "numpy.testing", "scipy.signal", "torch.select"),
        *("torch.signal", "torch.types", "torch.profiler", "matplotlib.colors"),
        *("matplotlib.cm", "matplotlib.pyplot.cm", "matplotlib.units"),
    }
)
#: Libraries that have the schedules of the exercises, or what judges them.
IMPLEMENTING = frozenset(
    {
        *("accelerate", "composer", "course_lib", "course_tasks", "course_tools", "deepspeed"),
        *("detectron2", "diffusers", "fastai", "flax", "fvcore", "ignite", "keras", "lightly"),
        *("lightning", "mindspore", "mlx", "mmengine", "monai", "nemo", "open_clip", "optax"),
        *("paddle", "paddlenlp", "poutyne", "pytorch_accelerated", "pytorch_lightning"),
        *("pytorch_optimizer", "pytorch_warmup", "schedulefree", "skorch", "speechbrain"),
        *("stable_baselines3", "tensorflow", "thinc", "timm", "torch_lr_finder", "torchtitan"),
        *("torchtune", "transformers", "ultralytics"),
    }
)
IMPLEMENTING_PARTS = frozenset({"torch.optim"})
#: What of the course is for everybody, in every exercise.
OF_THE_COURSE = frozenset(
    {
        *("course_lib.capstone.PROBLEMS", "course_lib.capstone.Trials"),
        *("course_lib.capstone.leaderboard", "course_lib.checks.check"),
        *("course_lib.checks.show_progress",),
    }
)
#: Attributes through which a program gets at functions that run, and at their names.
FRAME_ATTRIBUTES = frozenset(
    {
        *("ag_frame", "cr_frame", "ctypes", "f_back", "f_builtins", "f_code", "f_globals"),
        *("f_locals", "gi_frame", "tb_frame", "tb_next", "tofile"),
    }
)
OF_NAMEDTUPLES = frozenset({"_asdict", "_field_defaults", "_fields", "_make", "_replace"})
#: Special attributes that ordinary code defines, calls or shows.
SPECIAL = frozenset(
    {
        *("__abs__", "__add__", "__all__", "__and__", "__annotations__", "__array__"),
        *("__array_interface__", "__array_priority__", "__array_ufunc__", "__bool__"),
        *("__call__", "__class__", "__contains__", "__copy__", "__deepcopy__", "__delitem__"),
        *("__divmod__", "__doc__", "__enter__", "__eq__", "__exit__", "__float__"),
        *("__floordiv__", "__format__", "__ge__", "__getattr__", "__getitem__", "__gt__"),
        *("__hash__", "__index__", "__init__", "__int__", "__invert__", "__iter__", "__le__"),
        *("__len__", "__lt__", "__matmul__", "__missing__", "__mod__", "__module__", "__mul__"),
        *("__name__", "__ne__", "__neg__", "__new__", "__next__", "__or__", "__pos__"),
        *("__post_init__", "__pow__", "__qualname__", "__radd__", "__repr__", "__reversed__"),
        *("__rmatmul__", "__rmul__", "__round__", "__rpow__", "__rsub__", "__rtruediv__"),
        *("__setattr__", "__setitem__", "__str__", "__sub__", "__truediv__", "__version__"),
    }
)


def is_in(name: str, modules: Iterable[str]) -> bool:
    """Return whether a dotted name is one of these, or a part of one.

    >>> is_in("numpy.linalg.norm", {"numpy.linalg"}), is_in("numpy", {"numpy.linalg"})
    (True, False)
    """
    parts = name.split(".")
    return any(".".join(parts[:n]) in modules for n in range(1, len(parts) + 1))
