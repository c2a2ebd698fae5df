"""Arguments and answers as JSON: types, shapes, dtypes and exact floats, never code.

`encode` also runs beside a learner's code, on whatever that returned, so this module needs nothing
but NumPy. `decode` runs in the grader, on bytes that anybody may have made: what it does not know
is an error, and no value can be anything but a number, a text or a container of them.

A float is written as the shortest decimal that gives it back (`repr`); NaN and the infinities, for
which JSON has no number, as text.
"""

import json
import math

import numpy as np

MOST_VALUES = 200_000  # of one answer; the largest of a task has a few hundred
MOST_CHARACTERS = 2_000  # of one text
_MOST_TEXT = 2_000_000  # of an array of texts: NumPy makes each as long as the longest
_DEEPEST = 12
_DTYPES = (
    *("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
)


class WireError(ValueError):
    """Raised when something arrives that `encode` does not write."""


class Opaque:
    """Stands for an answer that is not data: a generator, or an object of a learner's own class."""

    def __init__(self, name):
        """Keep the name of its type."""
        self.name = name

    def __repr__(self):
        """Return the name in brackets."""
        return f"<{self.name}>"


class RaisedInBox:
    """Stands for an answer where a function raised: kind, message and the line."""

    def __init__(self, kind, message, line=""):
        """Keep the three."""
        self.kind, self.message, self.line = kind, message, line


def encode(value, depth=0):
    """Return a value as data for `json.dumps`; of an unknown type, only its name."""
    if value is None or type(value) is bool:
        return {"t": "plain", "v": value}
    if isinstance(value, RaisedInBox):
        words = {"kind": value.kind, "message": value.message, "line": value.line}
        return {"t": "raised", **{key: text[:MOST_CHARACTERS] for key, text in words.items()}}
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "dtype"):
        return _encode_array(value)
    if isinstance(value, int):
        value = int(value)
        return {"t": "int", "v": value} if abs(value) < 2**63 else _opaque(value)
    if type(value) is complex and value.imag == 0:
        value = value.real
    if isinstance(value, float):
        return {"t": "float", "v": _float(float(value))}
    if isinstance(value, str):
        return {"t": "text", "v": str(value)[:MOST_CHARACTERS]}
    if isinstance(value, (list, tuple, range)) and depth < _DEEPEST:
        return _encode_list(value, depth)
    if isinstance(value, dict) and depth < _DEEPEST and len(value) <= MOST_VALUES:
        return _encode_dict(value, depth)
    return _encode_readable(value, depth)


def _opaque(value):
    return {"t": "opaque", "v": type(value).__name__[:60]}


def _encode_readable(value, depth):
    """Encode what NumPy reads as an array, as a deque or an own sequence, as the list it holds."""
    try:
        array = np.asarray(value)
    except Exception:  # whatever an odd class raises
        return _opaque(value)
    is_known = array.dtype.name in _DTYPES or array.dtype.kind == "U"
    if not is_known or array.size > MOST_VALUES or depth >= _DEEPEST:
        return _opaque(value)
    return encode(array.tolist(), depth + 1)


def _encode_dict(value, depth):
    pairs = [(encode(key, depth + 1), encode(one, depth + 1)) for key, one in value.items()]
    if not all(_is_key(key) for key, _ in pairs):
        return _opaque(value)
    return {"t": "dict", "v": [list(pair) for pair in pairs]}


def _is_key(data):
    """Return whether data stands for a text or a number, as a dict's keys must."""
    if data["t"] == "array":
        return data["one"]
    return data["t"] in ("int", "float", "text") or data.get("v") in (True, False)


def _encode_array(value):
    if isinstance(value, np.ma.MaskedArray):
        return _opaque(value)  # what is masked has no value
    array = np.asarray(value)
    if array.dtype.kind == "c" and not np.any(array.imag):
        array = array.real  # from NumPy 2.5 on, eigvals gives nothing but complex numbers
    if len(array.dtype) == 1 and array.dtype[0].kind in "biuf":
        array = array[array.dtype.names[0]]  # a table of one column, taken for its numbers
    dtype = array.dtype
    if dtype.names is not None or dtype.type is np.void:  # a table, bytes
        return _opaque(value)
    if dtype.kind == "V" or dtype == np.longdouble:  # bfloat16 and the like; extended precision
        array = array.astype(np.float64)
        dtype = np.dtype(np.float32 if dtype.kind == "V" else np.float64)
    longest = min(dtype.itemsize // 4, MOST_CHARACTERS) if dtype.kind == "U" else 0
    is_large = array.size > MOST_VALUES or array.size * longest > _MOST_TEXT
    if (dtype.name not in _DTYPES and dtype.kind != "U") or is_large or array.ndim > _DEEPEST:
        size = f" of {array.size} values" if is_large else ""
        return {"t": "opaque", "v": f"{dtype.name}{size}"[:60]}
    flat = array.ravel().tolist()
    if dtype.kind == "f":
        flat = [_float(one) for one in flat]
    elif dtype.kind == "U":
        flat = [one[:MOST_CHARACTERS] for one in flat]
    name = "str" if dtype.kind == "U" else dtype.name
    is_scalar = isinstance(value, np.generic)
    return {"t": "array", "dtype": name, "shape": list(array.shape), "v": flat, "one": is_scalar}


def _encode_list(value, depth):
    if len(value) > MOST_VALUES:
        return {"t": "opaque", "v": f"{type(value).__name__} of {len(value)} values"[:60]}
    kind = "tuple" if isinstance(value, tuple) else "list"
    kinds = {type(one) for one in value}
    if kinds == {float}:
        return {"t": kind, "of": "float", "v": [_float(one) for one in value]}
    if kinds == {int} and all(abs(one) < 2**63 for one in value):
        return {"t": kind, "of": "int", "v": [int(one) for one in value]}
    return {"t": kind, "of": "", "v": [encode(one, depth + 1) for one in value]}


def _float(value):
    if math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def dumps(value):
    """Return data as JSON text."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def loads(text):
    """Return the data of a JSON text.

    Raises:
        WireError: it is not JSON, or nested too deeply, or holds a number that JSON does not have.
    """

    def refuse(name):
        raise WireError(f"{name} is no number of JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError, TypeError) as error:
        raise WireError(f"it is no JSON: {error}") from error


def decode(data, depth=0):
    """Return the value that `encode` wrote.

    Raises:
        WireError: it is of another form, too deep or too large.
    """
    if not isinstance(data, dict) or depth > _DEEPEST:
        raise WireError("a value must be an object with its type")
    kind, value = data.get("t"), data.get("v")
    if kind == "plain" and (value is None or isinstance(value, bool)):
        return value
    if kind == "raised":
        return RaisedInBox(*(_text(data.get(key)) for key in ("kind", "message", "line")))
    if kind == "int":
        return _int(value)
    if kind == "float":
        return _decode_float(value)
    if kind == "text":
        return _text(value)
    if kind == "opaque":
        return Opaque(_text(value)[:60])
    if kind == "array":
        return _decode_array(data)
    if kind in ("list", "tuple"):
        items = _decode_items(data, depth)
        return tuple(items) if kind == "tuple" else items
    if kind == "dict":
        return {_key(key, depth): decode(one, depth + 1) for key, one in _pairs(value)}
    named = repr(kind[:40]) if isinstance(kind, str) else f"that is a {type(kind).__name__}"
    raise WireError(f"there is no type {named} with such a value")


def _decode_items(data, depth):
    items, of = _items(data.get("v")), data.get("of")
    if of == "float":
        return [_decode_float(one) for one in items]
    if of == "int":
        return [_int(one) for one in items]
    return [decode(one, depth + 1) for one in items]


def _decode_array(data):
    name, shape, flat = data.get("dtype"), data.get("shape"), _items(data.get("v"))
    if not isinstance(name, str) or not isinstance(shape, list) or len(shape) > _DEEPEST:
        raise WireError("an array needs a dtype and a shape")
    if not all(type(n) is int and 0 <= n <= MOST_VALUES for n in shape):
        raise WireError("a shape must be whole numbers")
    if math.prod(shape) != len(flat):
        raise WireError("an array must have as many values as its shape says")
    if name != "str" and name not in _DTYPES:  # NumPy reads a name as a small program
        raise WireError(f"there is no dtype {name[:40]!r}")
    dtype = np.dtype(name)
    read = {"f": _decode_float, "b": _bool, "U": _text}.get(dtype.kind, _int)
    values = [read(one) for one in flat]
    if dtype.kind == "U" and max(map(len, values), default=0) * len(values) > _MOST_TEXT:
        raise WireError("the texts of an array are too long")
    if dtype.kind in "iu" and not _fit(values, np.iinfo(dtype)):
        raise WireError(f"the values are none of {name}: out of its range")
    try:
        with np.errstate(all="ignore"):
            array = np.array(values, dtype=dtype).reshape(shape)
    except (OverflowError, ValueError) as error:
        raise WireError(f"the values are none of {name}: {error}") from error
    return array[()] if data.get("one") is True and not shape else array


def _fit(integers, bounds):
    """Whether all keep their values in a dtype: NumPy 1 would let them wrap around."""
    return not integers or (bounds.min <= min(integers) and max(integers) <= bounds.max)


def _items(value):
    if not isinstance(value, list) or len(value) > MOST_VALUES:
        raise WireError("a list of values is missing, or too long")
    return value


def _pairs(value):
    pairs = _items(value)
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise WireError("a dict must be pairs")
    return pairs


def _key(value, depth):
    key = decode(value, depth + 1)
    if not isinstance(key, (str, int, float, np.generic)):
        raise WireError("a key must be a text or a number")
    return key


def _text(value):
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        raise WireError("a text is missing, or too long")
    return value


def _int(value):
    if type(value) is not int or not -(2**63) <= value < 2**64:
        raise WireError("a whole number of 64 bits is missing")
    return value


def _bool(value):
    if not isinstance(value, bool):
        raise WireError("True or False is missing")
    return value


def _decode_float(value):
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if type(value) not in (float, int):
        raise WireError("a number is missing")
    try:
        return float(value)
    except OverflowError as error:
        raise WireError("a number is too large") from error
