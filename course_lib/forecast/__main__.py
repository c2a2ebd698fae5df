"""`python -m course_lib.forecast --check FOLDER`: the laws against published loss curves.

FOLDER holds files SIZE_schedule.csv with the columns step, lr and loss. For every size, the law is
fitted to cosine_24000, constant_24000 and wsdcon_9, and predicts all other curves. R², MAE and RMSE
are means over those curves, as in Luo et al. 2025, arXiv:2503.12811; the seconds are the fit's.
The published curves were at hand when the cautious fit and its weights were designed, so for them
the figures are no blind test.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np

from course_lib.forecast.curve_files import WARMUP, read_folder
from course_lib.forecast.fitted import Forecast
from course_lib.forecast.fitting import fit
from course_lib.forecast.laws import LAWS
from course_lib.forecast.loss_curves import LossCurve

FITTED = ("cosine_24000", "constant_24000", "wsdcon_9")
_LEVEL = 0.9


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 0, or 2 with a sentence where the folder does not have the curves."""
    parser = argparse.ArgumentParser(
        prog="python -m course_lib.forecast",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", metavar="FOLDER", required=True, help="folder with the curves")
    parser.add_argument("--all-laws", action="store_true", help="the simpler laws too")
    parser.add_argument("--band", action="store_true", help="share of losses in the 90 %% band too")
    parser.add_argument(
        "--warmup", type=int, default=WARMUP, help=f"updates of linear warmup (default {WARMUP})"
    )
    asked = parser.parse_args(arguments)
    try:
        sizes = read_folder(asked.check, asked.warmup)
        splits = {size: _split(size, curves) for size, curves in sizes.items()}
        print(f"{'size':>6}  {'law':12}{'R²':>8}{'MAE':>9}{'RMSE':>9}{'seconds':>9}", end="")
        print("  in band" if asked.band else "")
        for size, (fitted, others) in splits.items():
            for law in LAWS if asked.all_laws else ("multi-power",):
                print(_row(size, law, fitted, others, asked.band), flush=True)
    except ValueError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return 0


def _split(size: str, curves: dict[str, LossCurve]) -> tuple[list[LossCurve], list[LossCurve]]:
    missing = [name for name in FITTED if name not in curves]
    others = [curve for name, curve in curves.items() if name not in FITTED]
    if missing or not others:
        lacks = ", ".join(f"{size}_{name}.csv" for name in missing) or "a curve to predict"
        raise ValueError(
            f"FOLDER must hold the fitted curves and others, size {size} lacks {lacks}"
        )
    return [curves[name] for name in FITTED], others


def _row(size: str, law: str, fitted: list[LossCurve], others: list[LossCurve], band: bool) -> str:
    start = time.perf_counter()
    forecast = fit(fitted, law)
    seconds = time.perf_counter() - start
    score = forecast.score(others)
    row = f"{size:>6}  {law:12}{score.r2:8.4f}{score.mae:9.5f}{score.rmse:9.5f}{seconds:9.2f}"
    return row + f"{100 * _covered(forecast, others):7.0f} %" * band


def _covered(forecast: Forecast, others: list[LossCurve]) -> float:
    """Return the share of the losses in the band, the mean over curves."""
    shares = []
    for curve in others:
        band = forecast.predict(curve.rates, curve.updates, level=_LEVEL)
        shares.append(np.mean((band.low <= curve.losses) & (curve.losses <= band.high)))
    return float(np.mean(shares))


if __name__ == "__main__":
    sys.exit(main())
