"""A schedule as code for another library, text that a person can paste, or the reason why not."""

from __future__ import annotations

from course_lib.libraries.to_common import CannotExpress
from course_lib.libraries.to_keras import keras_code
from course_lib.libraries.to_optax import optax_code
from course_lib.libraries.to_torch import torch_code
from course_lib.libraries.to_transformers import transformers_code
from course_lib.schedules import Schedule

__all__ = ["CannotExpress", "to_library"]

_WRITERS = {
    "torch": torch_code,
    "optax": optax_code,
    "keras": keras_code,
    "transformers": transformers_code,
}


def to_library(schedule: Schedule, library: str) -> str:
    """Return Python source that gives the same rates with another library.

    The code for torch and transformers needs an `optimizer`, sets its rate and defines
    `scheduler`; that for optax and keras defines `schedule`. torch and transformers compute in
    float64 and agree to 1e-12 of the peak, optax and Keras in float32. The structure is read from
    the phases, not from the schedule's name, and none of the code needs this package.

    Args:
        schedule: any `Schedule`.
        library: name of the library, "torch", "optax", "keras" or "transformers". torch
            can express every schedule.

    Raises:
        CannotExpress: (a ValueError) the library has no exact words for it; the message says why.
        TypeError: `schedule` is not a `Schedule`.
        ValueError: `library` is not one of the four.

    >>> from course_lib.schedules import cosine
    >>> print(to_library(cosine(0.1, total_steps=100), "optax"), end="")
    import optax
    <BLANKLINE>
    # schedule(count) is the rate once `count` updates are done; give it to an optimizer as its
    # learning rate. Counts are updates, not epochs.
    schedule = optax.cosine_decay_schedule(0.1, decay_steps=100)
    """
    if not isinstance(schedule, Schedule):
        raise TypeError(f"schedule must be a Schedule, got {schedule!r}")
    if library not in _WRITERS:
        raise ValueError(f"library must be one of {list(_WRITERS)}, got {library!r}")
    return _WRITERS[library](schedule)
