"""The draws of libraries that are not installed here: all are converted, or refused in words."""

import random

import numpy as np
import pytest

from course_lib.libraries import from_library, names
from tests.lib.libraries import random_mindspore, random_mlx, random_paddle, random_paddlenlp

MODULES = {
    "paddle": random_paddle,
    "paddlenlp": random_paddlenlp,
    "mindspore": random_mindspore,
    "mlx": random_mlx,
}


@pytest.mark.parametrize("library", MODULES)
def test_every_draw_is_converted_or_refused_and_all_names_are_drawn(library):
    draws, drawn, refused = random.Random(library), set(), 0
    for _ in range(2000):
        name, arguments, updates = MODULES[library].draw(draws)
        drawn.add(name)
        try:
            rates = from_library(name, **arguments)(np.arange(updates))
        except (TypeError, ValueError):
            refused += 1
            continue
        assert np.all(np.isfinite(rates)), (name, arguments)
        assert 0.0 < MODULES[library].close(arguments, updates) < 1e-3
    assert drawn == {name for name in names() if name.startswith(f"{library}.")}
    assert refused < 500
