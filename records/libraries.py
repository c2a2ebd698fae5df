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


def _said(driver: Path, name: str) -> Any:
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
# By library: beginning of the releases that its records are for; any unless the driver says one.
SERIES: dict[str, str] = {name: _said(_DRIVERS / f"of_{name}.py", "SERIES") or "" for name in PINS}


def pin_of(library: str) -> str:
    """Return the pin of the library itself: the first that its driver names."""
    return next(pin for pin in (*ALONE[library], *PINS[library]) if not pin.startswith("-"))


def pinned(library: str) -> str:
    """Return the release of a library that its records were made with."""
    return pin_of(library).partition("==")[2]


def newest(library: str) -> str:
    """Return the newest release of a library that pip finds for this Python; no pre-releases.

    Raises:
        CalledProcessError: there is no pip, or it found none; it has said so.
    """
    package = pin_of(library).partition("==")[0].partition("[")[0]
    command = [sys.executable, "-m", "pip", "index", "versions", package]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return newest_in(found.stdout, SERIES[library])


def newest_in(listed: str, series: str = "") -> str:
    """Return the newest release of a list as `pip index versions` prints it.

    Args:
        listed: the lines that pip printed, the newest release first.
        series: beginning that the release must have, such as "4.".

    Returns:
        The release without a local label, such as the build of torch for the CPU has.

    Raises:
        ValueError: none begins so.
    """
    [line] = [line for line in listed.splitlines() if line.startswith("Available versions:")]
    for release in line.partition(":")[2].split(","):
        if release.strip().startswith(series):
            return release.strip().partition("+")[0]
    raise ValueError(f"no release begins with {series!r}: {line}")


def run(
    library: str, records: dict[str, dict[str, Any]], release: str | None = None
) -> dict[str, Any]:
    """Run a library over its records, in a virtual environment that is made for it and removed.

    Args:
        library: name of the library, one of `PINS`.
        records: records to run, by their names: each with name, arguments and number of updates.
        release: release of the library, instead of the pinned one; the other pins stay.

    Returns:
        The version that ran and, for every record, values and perhaps an error; or, where the
        library could not run it at all, no values, and in "failed" why.

    Raises:
        CalledProcessError: pip or the library's driver failed; both have said why.
    """
    module = f"records.drivers.of_{library}"
    pins, alone = (_at(release, library, some) for some in (PINS[library], ALONE[library]))
    return run_driver(module, pins, records, alone)


def run_driver(
    module: str,
    pins: tuple[str, ...],
    records: dict[str, dict[str, Any]],
    alone: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Run a driver over records; arguments as `run_module` takes them, result as `run` has it."""
    with tempfile.TemporaryDirectory(prefix="records-rates-") as folder:
        plans, found = Path(folder) / "records.json", Path(folder) / "rates.json"
        plans.write_text(json.dumps(records), encoding="utf-8")
        run_module(module, pins, plans, found, alone=alone)
        return json.loads(found.read_text(encoding="utf-8"))


def _at(release: str | None, library: str, pins: tuple[str, ...]) -> tuple[str, ...]:
    pin = pin_of(library)
    other = pin if release is None else f"{pin.partition('==')[0]}=={release}"
    return tuple(other if given == pin else given for given in pins)


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
