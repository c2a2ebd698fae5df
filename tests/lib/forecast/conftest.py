"""The fitted law that several tests of the forecast share."""

import pytest

from course_lib.forecast import fit
from tests.lib.forecast.made_curves import THREE, made_run


@pytest.fixture(scope="session")
def exact():
    """The law of three runs without noise."""
    return fit([made_run(name) for name in THREE])
