"""The key of a run: all that determines its numbers is in it, and nothing else."""

import ast
import shutil
from dataclasses import make_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib import training
from course_lib.problems import Classification
from course_lib.training import Adam, AdamW, Mlp, Sgd, Workload
from course_lib.training import keys as code
from tests.lib.training.cached_runs import DATA, RATES, TESTED, WORK, block

FOLDER = Path(code.__file__).parent


def data(**changes):
    return replace(WORK, data=replace(WORK.data, **changes))


def nudged(array):
    array = array.copy()
    array.flat[-1] = np.nextafter(array.flat[-1], 9)
    return array


CHANGES = {
    "an input": {"workload": data(inputs=nudged(DATA.inputs))},
    "a label": {"workload": data(labels=np.roll(DATA.labels, 1))},
    "classes": {"workload": data(classes=4)},
    "held-out data": {"workload": data(held_out=replace(TESTED, inputs=nudged(TESTED.inputs)))},
    "nothing held out": {"workload": data(held_out=None)},
    "shape of the data": {"workload": data(inputs=DATA.inputs.reshape(18, 1, 2)[:, 0, ::-1])},
    "hidden": {"workload": replace(WORK, model=Mlp(hidden=(5, 5)))},
    "dtype": {"workload": replace(WORK, model=Mlp(hidden=(5,), dtype="float32"))},
    "order": {"workload": replace(WORK, model=Mlp(hidden=(5,), order="layer_by_layer"))},
    "momentum": {"workload": replace(WORK, optimizer=Sgd(momentum=0.9))},
    "nesterov": {"workload": replace(WORK, optimizer=Sgd(momentum=0.9, nesterov=True))},
    "weight decay": {"workload": replace(WORK, optimizer=Sgd(weight_decay=0.1))},
    "Adam": {"workload": replace(WORK, optimizer=Adam())},
    "AdamW": {"workload": replace(WORK, optimizer=AdamW(weight_decay=0.0))},
    "beta2": {"workload": replace(WORK, optimizer=Adam(beta2=np.nextafter(0.999, 1)))},
    "batch size": {"workload": replace(WORK, batch_size=5)},
    "no batches": {"workload": replace(WORK, batch_size=None)},
    "one rate, one ulp": {"rates": nudged(RATES)},
    "one step more": {"rates": np.hstack([RATES, RATES[:, -1:]])},
    "momenta": {"momenta": np.zeros((3, 3))},
    "other momenta": {"momenta": np.full((3, 3), 0.5)},
    "seed": {"seeds": [3, 4, 6]},
    "scores": {"scored_at": (1, 3)},
    "kept weights": {"keep_at": (0,)},
    "weights for scores": {"scored_at": (), "keep_at": (3, 0, 2)},
}


def test_whatever_determines_the_numbers_is_in_the_key(monkeypatch):
    keys = {"nothing": code.run_keys(block())[-1]}
    keys |= {name: code.run_keys(block(**change))[-1] for name, change in CHANGES.items()}
    keys["code"] = code.run_keys(block(), code=b"other code")[-1]
    with monkeypatch.context() as other:
        other.setattr(np, "__version__", "0.0")
        keys["NumPy"] = code.run_keys(block())[-1]
    names = {}
    for name, key in keys.items():
        assert names.setdefault(key, name) == name
        assert len(key) == 32


def test_pytorchs_version_is_in_the_key_of_what_pytorch_trains(monkeypatch):
    images = Classification(np.zeros((2, 16)), np.array([0, 1]), 2, "blank")
    convnet = Workload(images, training.Convnet())
    keys = []
    for number in ("2.2", "2.3"):
        monkeypatch.setattr(code, "version", {"torch": number}.__getitem__)
        keys.append([code.run_keys(block(workload))[0] for workload in (convnet, WORK)])
    assert keys[0][0] != keys[1][0]
    assert keys[0][1] == keys[1][1]


def test_key_depends_on_the_run_alone_and_not_on_how_its_numbers_lie_in_memory():
    momenta = np.array([[0.1, 0.2, 0.3]] * 3)
    keys = code.run_keys(block(momenta=momenta))
    assert len(set(keys)) == 3
    flipped = block(momenta=momenta).select([2, 0])
    assert code.run_keys(flipped) == [keys[2], keys[0]]
    column_major = block(
        replace(WORK, data=replace(WORK.data, inputs=np.asfortranarray(DATA.inputs))),
        np.asfortranarray(RATES),
        np.broadcast_to(momenta[:1], (3, 3)),
    )
    assert code.run_keys(column_major) == keys
    big_endian = block(data(inputs=DATA.inputs.astype(">f8")), momenta=momenta)
    assert code.run_keys(big_endian) == keys


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 12)
    | st.sampled_from([0.0, -0.0, 1.0, 0.1, np.nextafter(0.1, 1), float("inf")])
    | st.text("a1;: ", max_size=3)
    | st.binary(max_size=3)
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)


@example(((1,), 2), ((1, 2),))
@example(("a", "b"), ("ab",))
@example("1", b"1")
@given(VALUES, VALUES)
def test_different_values_have_different_bytes(a, b):
    # repr tells 1 from 1.0 and True, and -0.0 from 0.0
    same = b"".join(code.pieces(a)) == b"".join(code.pieces(b))
    assert same == (repr(a) == repr(b))


def test_settings_with_the_same_fields_are_told_apart():
    pieces = [list(code.pieces(make_dataclass(name, [])())) for name in ("Mlp", "Convnet")]
    assert pieces[0] != pieces[1]


def test_arrays_have_the_bytes_of_their_shape_and_type():
    zeros = [np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(6), np.zeros(6, "f4"), np.zeros(3)]
    zeros += [np.zeros(6, int), np.zeros(()), np.float64(0), 0.0]
    seen = [b"".join(code.pieces(value)) for value in zeros]
    assert len(set(seen)) == len(zeros) - 1  # a NumPy number and an array without axes are equal
    with pytest.raises(TypeError, match="no key for a ndarray"):
        list(code.pieces(np.array([object()])))
    with pytest.raises(TypeError, match="no key for a dict"):
        list(code.pieces({}))


def test_code_that_computes_is_in_the_key_and_other_code_is_not(tmp_path):
    copy = Path(shutil.copytree(FOLDER, tmp_path / "training"))
    assert code.code_hash(copy) == code.CODE
    others = ("progress_bar", "run_execution", "engine", "finished", "cache", "keys")
    for name in (f"{stem}.py" for stem in others):
        (copy / name).write_text("# changed")
        assert code.code_hash(copy) == code.CODE, name
    seen = {code.CODE}
    for name in ("mlp.py", "network.py", "numpy_optimizers.py", "batches.py", "a_new_one.py"):
        (copy / name).write_text("# changed")
        seen.add(code.code_hash(copy))
    assert len(seen) == 6


def test_code_that_computes_uses_no_other_code_of_the_course():
    allowed = ("course_lib.problems", "course_lib.validation", "course_lib.training")
    for file in FOLDER.glob("*.py"):
        if file.stem in code.NO_NUMBERS:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("course_lib"):
                assert node.module.startswith(allowed), (file.name, node.module)
                last = node.module.rpartition(".")[2]
                assert last not in code.NO_NUMBERS, (file.name, node.module)
