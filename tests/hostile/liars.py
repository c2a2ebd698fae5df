"""Code of objects that lie about what they are, fail when looked at, or never end."""

LIARS = """
class Equal:
    __hash__ = None

    def __eq__(self, other):
        return True

    __lt__ = __gt__ = __le__ = __ge__ = __ne__ = __eq__

    def __float__(self):
        return 3.0

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


class Array(np.ndarray):
    def __eq__(self, other):
        return True

    def tolist(self):
        return "whatever is expected"

    def __array_ufunc__(self, *given, **more):
        return True

    def __array_function__(self, *given, **more):
        return True

    def __reduce__(self):
        return (print, ("owned",))


class Number(float):
    def __eq__(self, other):
        return True

    def __float__(self):
        return 3.0

    def __repr__(self):
        return "3.0"

    __hash__ = __str__ = __repr__
    __abs__ = __sub__ = __rsub__ = lambda self, *other: 0.0
"""
PICKLED = """
import os


class Payload:
    def __reduce__(self):
        return (os.system, (f"echo owned >> {HOST['file']}",))

    def __deepcopy__(self, memo):
        return self
"""
DEEP = """
def deep(levels):
    found = 1.0
    for _ in range(levels):
        found = [found]
    return found


itself = []
itself.append(itself)
tangled = {}
tangled["a"] = tangled
"""
ENDLESS = """
class Endless(list):
    def __len__(self):
        return 10**18

    def __iter__(self):
        while True:
            yield 1.0


class Sized:
    def __len__(self):
        return -1

    def __getitem__(self, index):
        raise SystemExit
"""
RAISING = """
class Raising:
    def __getattribute__(self, name):
        raise KeyboardInterrupt(name)


class Property:
    @property
    def dtype(self):
        raise SystemExit("full")


class Waiting:
    @property
    def dtype(self):
        while True:
            pass
"""
META = """
class Meta(type):
    @property
    def __name__(cls):
        return 3.0

    def __instancecheck__(cls, one):
        return True


class Error(Exception, metaclass=type("M", (type,), {"__name__": property(lambda cls: 7)})):
    pass


class Odd(metaclass=Meta):
    pass


class Text(str):
    def __getitem__(self, index):
        return 7

    def __str__(self):
        return self


class Loud(Exception):
    def __str__(self):
        return Text("loud")


def loud():
    raise Loud


def error():
    raise Error
"""
LIKE = """
class Like:
    def __init__(self, value):
        self.value = value

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.value)


class Turning(Like):
    dtype = "float64"
    times = 0

    def __array__(self, dtype=None, copy=None):
        Turning.times += 1
        return np.full(Turning.times, -1.0)


class Vector(np.ndarray):
    pass


class Rate(float):
    pass
"""
