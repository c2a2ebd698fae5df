"""The releases that are run, and the environment that they are run in."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

_DRIVERS = Path(__file__).parent / "drivers"


def _pins(driver: Path) -> tuple[str, ...]:
    """Return what a driver says pip is to install; importing it would need the library."""
    for node in ast.parse(driver.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PINS":
            return ast.literal_eval(node.value)
    raise ValueError(f"{driver.name} must say PINS = (…), the releases that pip installs")


# By library: the driver of "torch" is records/drivers/of_torch.py.
PINS: dict[str, tuple[str, ...]] = {
    driver.stem.removeprefix("of_"): _pins(driver) for driver in sorted(_DRIVERS.glob("of_*.py"))
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
