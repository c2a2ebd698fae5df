"""Whether two values are the same to the last bit, for the tests of what travels."""

import math
import struct

import numpy as np


def same(a, b):
    """Whether two values are the same in type, shape, dtype and every bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and not isinstance(a, np.generic):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, (np.ndarray, np.generic)):
        if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
            return False
        if a.dtype.kind == "U":
            return a.tolist() == b.tolist()
        if a.dtype != b.dtype:
            return False
        where = np.isnan(a) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
        odd = np.isnan(b) if b.dtype.kind == "f" else np.zeros(b.shape, bool)
        flat = [np.where(where, np.zeros(1, one.dtype), one).tobytes() for one in (a, b)]
        return np.array_equal(where, odd) and flat[0] == flat[1]
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a), list(b)) and same(list(a.values()), list(b.values()))
    return a == b
