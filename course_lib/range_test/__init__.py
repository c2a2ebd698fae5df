"""The learning-rate range test: one short run at growing rates, and every tool's way to read it.

Source: Smith (2015), Cyclical learning rates for training neural networks, arXiv:1506.01186,
sec. 3.3.
"""

from typing import TYPE_CHECKING

from course_lib.range_test.reading import (
    RuleSpread,
    Summary,
    Zones,
    reasons,
    suggestions,
    summary,
    zones,
)
from course_lib.range_test.rules import RULES, Rule, Suggestion
from course_lib.range_test.sweeps import Sweep, sweep, sweep_at

if TYPE_CHECKING:
    from course_lib.range_test.torch_model import range_test, range_test_many

__all__ = [
    "RULES",
    "Rule",
    "RuleSpread",
    "Suggestion",
    "Summary",
    "Sweep",
    "Zones",
    "range_test",
    "range_test_many",
    "reasons",
    "suggestions",
    "summary",
    "sweep",
    "sweep_at",
    "zones",
]


def __getattr__(name: str) -> object:
    """Import what needs PyTorch on first use: it is slow to import, and not always needed."""
    if name in ("range_test", "range_test_many"):
        from course_lib.range_test import torch_model

        return getattr(torch_model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
