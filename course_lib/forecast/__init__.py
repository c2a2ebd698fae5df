"""From a few recorded runs to the loss curve of any schedule, and to the best schedule.

    law = forecast.fit([constant_run, cosine_run])
    law.predict(schedule).final
    law.best_schedule(total_steps=24_000, peak_lr=3e-4, warmup_steps=2_000).rates

`python -m course_lib.forecast --check FOLDER` fits published curves and predicts others.

Source: Luo et al. 2025, A multi-power law for loss curve prediction across learning rate schedules,
arXiv:2503.12811; Tissue et al. 2024, Scaling law with learning rate annealing, arXiv:2408.11029.
"""

from course_lib.forecast.bands import Prediction
from course_lib.forecast.best import BestSchedule
from course_lib.forecast.fitted import BeyondTheFit, Forecast, Quality
from course_lib.forecast.fitting import fit
from course_lib.forecast.loss_curves import LossCurve

__all__ = [
    "BestSchedule",
    "BeyondTheFit",
    "Forecast",
    "LossCurve",
    "Prediction",
    "Quality",
    "fit",
]
