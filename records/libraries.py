"""The releases that are run, and the environment that they are run in."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

_TORCH = "torch==2.13.0"
_NUMPY = "numpy==2.4.6"

# What pip installs for a library. The driver of "torch" is records/drivers/of_torch.py.
PINS: dict[str, tuple[str, ...]] = {
    "torch": (_TORCH, _NUMPY),
    "optax": ("optax==0.2.8", "jax==0.10.2", _NUMPY),
    # torchvision asks for the build of torch that it fits.
    "timm": ("timm==1.0.31", "torchvision==0.29.1", _NUMPY),
    "transformers": ("transformers==5.23.0", _TORCH, _NUMPY),
    "keras": ("keras==3.15.1", _TORCH, _NUMPY),
    "ignite": ("pytorch-ignite==0.5.5", _TORCH, _NUMPY),
    "fastai": ("fastai==2.8.12", _TORCH, _NUMPY),
    "schedulefree": ("schedulefree==1.4.1", _TORCH, _NUMPY),
    # Composer allows no torch after 2.7, and pins it itself.
    "composer": ("mosaicml==0.32.1",),
}


def run(library: str, records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Run a library over its records, in a virtual environment that is made for it and removed.

    Args:
        library: name of the library, one of `PINS`.
        records: records to run, by their names: each with name, arguments and number of updates.

    Returns:
        The version that ran and, for every record, values and perhaps an error.

    Raises:
        CalledProcessError: pip or the library's driver failed; both have said why.
    """
    with tempfile.TemporaryDirectory(prefix=f"records-{library}-") as folder:
        root = Path(folder)
        venv.create(root / "venv", with_pip=True)
        python = root / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS[library]], check=True)
        plans, found = root / "records.json", root / "rates.json"
        plans.write_text(json.dumps(records), encoding="utf-8")
        driver = f"records.drivers.of_{library}"
        home = Path(__file__).parents[1]
        subprocess.run([python, "-m", driver, plans, found], check=True, cwd=home)
        return json.loads(found.read_text(encoding="utf-8"))
