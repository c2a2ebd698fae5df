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


def pins_of(driver: Path) -> tuple[str, ...]:
    """Return what a driver says pip is to install; importing it would need the library."""
    pins = _said(driver, "PINS")
    if pins is None:
        raise ValueError(f"{driver.name} must say PINS = (…), the releases that pip installs")
    return pins


def _said(driver: Path, name: str) -> tuple[str, ...] | None:
    for node in ast.parse(driver.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    return None


# By library: the driver of "torch" is records/drivers/of_torch.py.
PINS: dict[str, tuple[str, ...]] = {
    driver.stem.removeprefix("of_"): pins_of(driver) for driver in sorted(_DRIVERS.glob("of_*.py"))
}
# By library: releases to install without what they ask for, where the driver needs only a part.
ALONE: dict[str, tuple[str, ...]] = {
    name: _said(_DRIVERS / f"of_{name}.py", "ALONE") or () for name in PINS
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
        plans, found = Path(folder) / "records.json", Path(folder) / "rates.json"
        plans.write_text(json.dumps(records), encoding="utf-8")
        module = f"records.drivers.of_{library}"
        run_module(module, PINS[library], plans, found, alone=ALONE[library])
        return json.loads(found.read_text(encoding="utf-8"))


def run_module(
    module: str, pins: tuple[str, ...], *arguments: Path, alone: tuple[str, ...] = ()
) -> None:
    """Run a module of this repository in a virtual environment that is made for it and removed.

    Args:
        module: name of the module, as `python -m` takes it.
        pins: releases that pip installs.
        arguments: arguments of the command line.
        alone: releases that pip installs without what they ask for.

    Raises:
        CalledProcessError: pip or the module failed; both have said why.
    """
    with tempfile.TemporaryDirectory(prefix="records-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        install = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *pins], check=True)
        if alone:
            subprocess.run([*install, "--no-deps", *alone], check=True)
        home = Path(__file__).parents[1]
        subprocess.run([python, "-m", module, *arguments], check=True, cwd=home)
