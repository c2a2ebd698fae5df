"""Answers travel as JSON: exact, never code; whatever is forged is a WireError, and at once."""

import json
import math
import time
from array import array
from collections import UserList, deque

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

import course_tasks
from course_tasks import built, judge
from course_tools.grading.box import probe, wire
from course_tools.grading.box.wire import WireError
from course_tools.grading.run import questions
from tests.tools.grading.box.alike import same

ODD = (0.0, -0.0, 5e-324, -2.2e-308, 0.1, 1 / 3, 1.8e308, math.inf, -math.inf, math.nan)
DTYPES = ("bool", "float16", "float32", "float64", "int8", "int64", "uint8", "uint64")

floats = st.floats() | st.sampled_from(ODD)
plain = st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | floats
plain |= st.text(max_size=20)
arrays = st.sampled_from(DTYPES).flatmap(
    lambda name: hn.arrays(np.dtype(name), hn.array_shapes(min_dims=0, min_side=0, max_dims=3))
)
texts = hn.arrays(np.dtype("U5"), hn.array_shapes(min_dims=0, max_dims=2))
keys = st.booleans() | st.integers(-99, 99) | st.floats(allow_nan=False) | st.text(max_size=9)
values = st.recursive(
    plain | arrays | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.lists(floats, max_size=9)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)
forged = st.recursive(
    plain | st.integers() | st.sampled_from(["nan", "inf", "array", "float64", "str", "list"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["t", "v", "of", "dtype", "shape", "one"]), inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)
kinds = ("plain", "raised", "int", "float", "text", "opaque", "array", "list", "tuple", "dict")


def sent(value):
    return wire.decode(wire.loads(wire.dumps(wire.encode(value))))


@settings(max_examples=300, deadline=None)
@given(values)
@example(list(ODD))
@example(np.array(ODD))
@example([np.float32(value) for value in (1e-45, -0.0, 0.1)])
@example({"losses": [np.float64(0.1), (True, None)], 3: np.array(["a", "ä"])})
def test_what_is_data_arrives_in_type_and_bits(value):
    assert same(sent(value), value)


@pytest.mark.parametrize("name", DTYPES)
def test_scalars_and_empty_arrays_keep_their_dtype(name):
    one = np.ones(1, name)[0]
    assert same(sent(one), one)
    assert same(sent(np.empty((0, 3), name)), np.empty((0, 3), name))
    assert same(sent(np.array(one)), np.array(one)), "a 0-d array is no scalar"


def test_other_byte_orders_and_strides_carry_the_same_values():
    array = np.arange(12.0).reshape(3, 4)
    assert same(sent(array.astype(">f8")), array)
    assert same(sent(array[::-1, ::2]), array[::-1, ::2].copy())
    assert same(sent(np.array([0.5], np.longdouble)), np.array([0.5]))


class OwnSequence:
    """A sequence of a learner's own, which is no list."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, number):
        return self.values[number]


class OwnInterface:
    """An object that NumPy reads through its `__array_interface__`."""

    def __init__(self, values):
        self._kept = np.array(values)
        self.__array_interface__ = self._kept.__array_interface__


@pytest.mark.parametrize(
    "kind",
    [deque, UserList, OwnSequence, OwnInterface, lambda values: array("d", values)],
    ids=["deque", "UserList", "OwnSequence", "OwnInterface", "array"],
)
def test_an_answer_that_numpy_reads_is_judged_as_in_the_notebook(kind):
    task = course_tasks.ALL["resumed_rates"]
    cases = task.cases(3)
    answers = [kind(list(map(float, task.reference(**built(case))))) for case in cases]
    in_notebook = judge(task, cases, answers)
    assert judge(task, cases, [sent(one) for one in answers]).parts == in_notebook.parts
    assert in_notebook.is_right


class Lies:
    """Says that it has a dtype, and raises when that is looked at."""

    @property
    def dtype(self):
        raise OSError("no dtype")


class Converts:
    dtype = np.dtype("float64")

    def __array__(self, dtype=None, copy=None):
        raise SystemExit("no array")


class Float(float):
    def __float__(self):
        return 1.0

    def __repr__(self):
        return "__import__('os').abort()"


class Int(int):
    def __int__(self):
        return 7


class Text(str):
    def __str__(self):
        return "other"


class Array(np.ndarray):
    def __array_finalize__(self, parent):
        pass

    def tolist(self):
        return ["not what is in it"]


class Masked(np.ma.MaskedArray):
    pass


class Changing(list):
    """Every look at it finds something else."""

    looks = 0

    def __iter__(self):
        self.looks += 1
        return iter([1, 2] if self.looks < 3 else [set(), object()])


class Unprintable(Exception):
    def __str__(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (Float(0.25), 1.0),
        (Int(3), 7),
        (Text("one"), "other"),
        (True, True),
        (range(3), [0, 1, 2]),
        (np.arange(2.0).view(Array), np.arange(2.0)),
        ({np.int64(1): 2}, {np.int64(1): 2}),
        (0.5 + 0j, 0.5),
        (np.complex128(0.5), np.float64(0.5)),
        (np.array([1 + 0j, 2]), np.array([1.0, 2.0])),
        ([np.complex64(3)], [np.float32(3)]),
        (np.rec.fromarrays([[0.5, 1.0]], names="rate"), np.array([0.5, 1.0])),
        (np.zeros(2, [("rate", "f4")])[0], np.float32(0.0)),
        (np.array([(3,)], [("step", "i8")]), np.array([3])),
    ],
)
def test_subclasses_arrive_as_what_they_are_made_of(value, arrives):
    assert same(sent(value), arrives)


@pytest.mark.parametrize(
    "value",
    [
        *(2**63, -(2**63), 10**5000, [2**64], object(), {1, 2}, b"bytes", 1j, iter([1]), len),
        *(np.ma.masked_array([1.0], [True]), Masked([1.0], mask=[True]), np.ma.masked),
        *(
            np.array([1j]),
            np.array([None]),
            np.zeros(2, "i4,f4"),
            np.zeros(wire.MOST_VALUES + 1, [("one", "f8")]),
            np.void(b"abc"),
            np.array([b"a"]),
        ),
        *(np.zeros(2, [("one", kind)]) for kind in ("U3", "c16", "O", "M8[s]", "2f8", "(1,)f8")),
        *(np.array("2020-01-01", "M8[D]"), {(1, 2): 3}, {None: 1}, {2**70: 1}, float, np.float64),
        *(
            np.zeros(wire.MOST_VALUES + 1),
            [0.0] * (wire.MOST_VALUES + 1),
            np.array(["a" * 1999] * 2000),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_data_arrives_as_its_name_alone(value):
    found = sent(value)
    found = found[0] if isinstance(found, list) else found
    assert isinstance(found, wire.Opaque)
    assert len(found.name) <= 60
    assert repr(found) == f"<{found.name}>"


@pytest.mark.parametrize("odd", [Lies(), Converts(), Changing([1, 2]), [Lies()], {"a": Converts()}])
def test_an_object_that_lies_spoils_its_own_answer_alone(odd):
    question = [["x", wire.encode(1)]]
    found = [probe._encoded(lambda x, value=value: value, question) for value in (0.5, odd, 0.25)]
    first, other, last = wire.decode(wire.loads(wire.dumps(found[0]))), found[1], found[2]
    assert (first, wire.decode(last)) == (0.5, 0.25)
    wire.dumps(other)


def test_an_error_that_cannot_be_printed_is_an_answer():
    def function():
        raise Unprintable

    found = wire.decode(probe._encoded(function, []))
    assert (found.kind, found.message) == ("Unprintable", "an error whose text cannot be made")


def test_a_list_in_itself_ends():
    endless = []
    endless.append(endless)
    assert "opaque" in wire.dumps(wire.encode(endless))


@pytest.mark.parametrize(
    "text", ["a" * 5000, ["a" * 5000], np.array(["a" * 5000]), {"k": "a" * 5000}]
)
def test_texts_are_cut_and_can_still_be_read(text):
    assert len(wire.dumps(wire.encode(text))) < wire.MOST_CHARACTERS + 100
    sent(text)


def quickly(call, *arguments):
    """What a call gives, or that it raised a WireError; anything else, and slowness, fails."""
    start = time.process_time()
    try:
        found = call(*arguments)
    except WireError as error:
        found = str(error)
        assert len(found) < 300
    assert time.process_time() - start < 3
    return found


@settings(max_examples=400, deadline=None)
@given(forged)
def test_no_forged_document_does_more_than_raise_a_wire_error(document):
    quickly(wire.decode, document)
    for kind in kinds:
        quickly(wire.decode, {"t": kind, "v": document})
        if isinstance(document, dict):
            quickly(wire.decode, {**document, "t": kind})
    quickly(wire.decode, {"t": "array", "dtype": "float64", "shape": document, "v": []})


@settings(max_examples=200, deadline=None)
@given(st.text() | forged.map(json.dumps) | forged)
@example('{"nonce": "n", "answers": null, "seconds": "nan"}')
@example('{"nonce": "n", "answers": null, "seconds": 1e999}')
@example('{"nonce": "n", "answers": null, "seconds": -1}')
@example('{"nonce": "n", "answers": [{"t": "float", "v": 1' + "0" * 400 + '}], "seconds": 1}')
def test_no_forged_message_does_more_than_raise_a_wire_error(text):
    with pytest.raises(WireError):
        questions.read_answers(text, "n", 1)


FLOAT, ARRAY = {"t": "float"}, {"t": "array", "dtype": "float64", "shape": [1], "v": [0]}
NESTED = {"t": "list", "of": "", "v": []}
for _ in range(20):
    NESTED = {"t": "list", "of": "", "v": [NESTED]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "an object with its type"),
        ({"t": "plain", "v": 1}, "no type 'plain'"),
        ({"t": ["list"], "v": []}, "that is a list"),
        ({"t": "a" * 999}, "no type"),
        ({"t": "int", "v": True}, "whole number"),
        ({"t": "int", "v": 2**64}, "64 bits"),
        ({"t": "int", "v": 1.0}, "whole number"),
        (FLOAT | {"v": 10**400}, "too large"),
        (FLOAT | {"v": True}, "number is missing"),
        (FLOAT | {"v": "1.0"}, "number is missing"),
        (FLOAT | {"v": "NaN"}, "number is missing"),
        ({"t": "text", "v": "a" * 2001}, "too long"),
        ({"t": "raised", "kind": 1, "message": "", "line": ""}, "text is missing"),
        ({"t": "list", "of": "", "v": "abc"}, "list of values"),
        ({"t": "list", "of": "int", "v": [0] * (wire.MOST_VALUES + 1)}, "too long"),
        ({"t": "list", "of": "float", "v": [10**400]}, "too large"),
        ({"t": "dict", "v": [[1, 2, 3]]}, "pairs"),
        ({"t": "dict", "v": [[{"t": "list", "v": []}, {"t": "int", "v": 1}]]}, "a key"),
        (NESTED, "an object with its type"),
        (ARRAY | {"dtype": "object"}, "no dtype 'object'"),
        (ARRAY | {"dtype": "(1,"}, "no dtype"),
        (ARRAY | {"dtype": "(99999999999,)f8"}, "no dtype"),
        (ARRAY | {"dtype": "f8"}, "no dtype 'f8'"),
        (ARRAY | {"dtype": ["f8"]}, "a dtype and a shape"),
        (ARRAY | {"shape": [2]}, "as many values"),
        (ARRAY | {"shape": [-1]}, "whole numbers"),
        (ARRAY | {"shape": [True]}, "whole numbers"),
        (ARRAY | {"shape": [1] * 13}, "a dtype and a shape"),
        (ARRAY | {"shape": [200_000] * 11 + [0], "v": []}, "none of float64"),
        (ARRAY | {"shape": [200_000] * 11 + [0], "v": [], "dtype": "str"}, "none of str"),
        (ARRAY | {"v": [[0]]}, "number is missing"),
        (ARRAY | {"v": [300], "dtype": "uint8"}, "none of uint8"),
        (ARRAY | {"v": [0], "dtype": "bool"}, "True or False"),
        (ARRAY | {"v": [1], "dtype": "str"}, "text is missing"),
        (
            ARRAY | {"v": ["a" * 2000] + [""] * 99_999, "dtype": "str", "shape": [100_000]},
            "texts of an array are too long",
        ),
    ],
)
def test_forged_values_are_named(document, words):
    assert words in quickly(wire.decode, document)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "[" * 100_000, "{", "", None, 7, ["{}"], "9" * 9999]
)
def test_what_is_no_json_is_named(text):
    assert "JSON" in quickly(wire.loads, text)
