"""A schedule as code for another library, text that a person can paste, or the reason why not."""

from __future__ import annotations

from course_lib.libraries.to_common import CannotExpress
from course_lib.libraries.to_deepspeed import deepspeed_code
from course_lib.libraries.to_diffusers import diffusers_code
from course_lib.libraries.to_keras import keras_code
from course_lib.libraries.to_lightning import lightning_code
from course_lib.libraries.to_mmengine import mmengine_code
from course_lib.libraries.to_optax import optax_code
from course_lib.libraries.to_paddle import paddle_code
from course_lib.libraries.to_timm import timm_code
from course_lib.libraries.to_torch import torch_code
from course_lib.libraries.to_transformers import transformers_code
from course_lib.schedules import Schedule

__all__ = ["LIBRARIES", "CannotExpress", "to_library"]

_WRITERS = {
    "torch": torch_code,
    "optax": optax_code,
    "keras": keras_code,
    "transformers": transformers_code,
    "lightning": lightning_code,
    "timm": timm_code,
    "diffusers": diffusers_code,
    "mmengine": mmengine_code,
    "deepspeed": deepspeed_code,
    "paddle": paddle_code,
}


# The libraries that code can be written for.
LIBRARIES: tuple[str, ...] = tuple(_WRITERS)


def to_library(schedule: Schedule, library: str) -> str:
    """Return source text that gives the same rates with another library.

    | library | the text |
    |---|---|
    | torch, transformers, diffusers, timm | needs `optimizer`, sets its rate, defines `scheduler` |
    | lightning | defines `configure_optimizers`, a method of a LightningModule |
    | optax, keras, paddle | defines `schedule` (paddle: `scheduler`), a learning rate |
    | mmengine | defines `base_lr` and `param_scheduler` for a config |
    | deepspeed | JSON for a configuration: "scheduler", and "optimizer" where its rate matters |

    All compute in float64 and agree to 1e-12 of the largest rate, but optax and Keras, which
    compute in float32. Counts are updates. The structure is read from the phases, not from the
    schedule's name, and none of the code needs this package.

    Args:
        schedule: any `Schedule`.
        library: name of the library, one of `LIBRARIES`. torch, lightning and paddle, which take a
            function of the step, can express every schedule of this package.

    Raises:
        CannotExpress: (a ValueError) the library has no exact words for it; the message says why.
        TypeError: `schedule` is not a `Schedule`.
        ValueError: `library` is not one of `LIBRARIES`.

    >>> from course_lib.schedules import cosine
    >>> print(to_library(cosine(0.1, total_steps=100), "optax"), end="")
    import optax
    <BLANKLINE>
    # schedule(count) is the rate once `count` updates are done; give it to an optimizer as its
    # learning rate. Counts are updates, not epochs.
    schedule = optax.cosine_decay_schedule(0.1, decay_steps=100)

    >>> from course_lib.schedules import linear, warmup
    >>> code = to_library(warmup(linear(0.1, total_steps=90), 10, start=0.0), "diffusers")
    >>> print(code.splitlines()[-1][:45])
    scheduler = get_scheduler("linear", optimizer
    """
    if not isinstance(schedule, Schedule):
        raise TypeError(f"schedule must be a Schedule, got {schedule!r}")
    if library not in _WRITERS:
        raise ValueError(f"library must be one of {list(_WRITERS)}, got {library!r}")
    return _WRITERS[library](schedule)
