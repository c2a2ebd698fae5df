"""The machine and the libraries that the numbers belong to, in a few lines."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from joblib import cpu_count
from threadpoolctl import threadpool_info


def describe() -> str:
    """Return processor, cores, BLAS with its threads, and versions, in three lines."""
    packages = ("numpy", "torch", "jax", "torch-lr-finder")
    return "\n".join(
        [
            f"{_processor()}, {cpu_count()} cores, {platform.system()} {platform.machine()}",
            f"BLAS of NumPy: {_blas()}",
            f"Python {platform.python_version()}, "
            + ", ".join(f"{package} {_version(package)}" for package in packages),
        ]
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return platform.processor() or "unknown processor"


def _blas() -> str:
    np.ones((2, 2)) @ np.ones((2, 2))
    found = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    found = [pool for pool in found if "numpy" in pool["filepath"]] or found  # SciPy has its own
    lines = [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', '?')}), "
        f"{pool['num_threads']} threads"
        for pool in found
    ]
    return "; ".join(lines) or "not one that threadpoolctl knows"  # Accelerate, for one


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
