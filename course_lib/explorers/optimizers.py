"""The optimizers to choose from in the explorers, by the names that are shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from course_lib.training import Adam, Sgd

OPTIMIZERS: Mapping[str, Sgd | Adam] = MappingProxyType(
    {"SGD": Sgd(), "SGD, momentum 0.9": Sgd(momentum=0.9), "Adam": Adam()}
)
