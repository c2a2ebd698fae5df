"""Executes notebooks as other processors would, and names each cell that comes out different.

NumPy, OpenBLAS, PyTorch, oneDNN and MKL each choose their code by the processor, and each has an
environment variable that limits the choice. Set together, they let one machine round as another
does; they do not make it as slow, or a processor of another kind (ARM) out of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course_tools.authoring.comparing import (
    CONCLUSION_CHANGED,
    FIGURE_CHANGED,
    ROUNDED,
    TABLE_CHANGED,
    TEXT_CHANGED,
    CellChange,
    changes,
)
from course_tools.authoring.errors import CourseError
from course_tools.authoring.notebook_files import read_notebook
from course_tools.authoring.running import NotebookJob, run_all

#: Shown as columns of the table, those that fail first.
KINDS = (CONCLUSION_CHANGED, TEXT_CHANGED, TABLE_CHANGED, FIGURE_CHANGED, ROUNDED)

# NumPy 2.4 knows a level by one name (X86_V3: AVX2 and FMA), earlier releases by its features.
# Without X86_V4, NumPy still uses AVX512_ICL, so every higher level has to be named.
_NUMPY_AVX512 = (
    "X86_V4",
    "AVX512_ICL",
    "AVX512_SPR",
    "AVX512F",
    "AVX512CD",
    "AVX512_SKX",
    "AVX512_CLX",
    "AVX512_CNL",
)
_NUMPY_AVX2 = ("X86_V3", "AVX2", "FMA3")
_NUMPY_AVX = ("AVX", "F16C", "XOP", "FMA4")


@dataclass(frozen=True)
class Processor:
    """A kind of processor whose arithmetic can be had on this one.

    Attributes:
        name: its name on the command line.
        like: processors that compute so.
        needs: the feature, by NumPy's name, that this machine must have for it.
        libraries: environment variables of the libraries.
        numpy_without: features that NumPy must not use; those it does not know are left out.
    """

    name: str
    like: str
    needs: str
    libraries: Mapping[str, str]
    numpy_without: tuple[str, ...]


PROCESSORS = (
    Processor(
        "sse",
        "Nehalem, 2008",
        "SSE42",
        {
            "ATEN_CPU_CAPABILITY": "default",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
            "MKL_CBWR": "COMPATIBLE",
            "OPENBLAS_CORETYPE": "Nehalem",
        },
        _NUMPY_AVX512 + _NUMPY_AVX2 + _NUMPY_AVX,
    ),
    Processor(
        "avx",
        "Sandy Bridge, 2011",
        "AVX",
        {
            "ATEN_CPU_CAPABILITY": "default",
            "ONEDNN_MAX_CPU_ISA": "AVX",
            "MKL_CBWR": "AVX",
            "OPENBLAS_CORETYPE": "Sandybridge",
        },
        _NUMPY_AVX512 + _NUMPY_AVX2,
    ),
    Processor(
        "avx2",
        "Haswell, 2013; Zen 1 to 3",
        "AVX2",
        {
            "ATEN_CPU_CAPABILITY": "avx2",
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "MKL_CBWR": "AVX2",
            "OPENBLAS_CORETYPE": "Haswell",
        },
        _NUMPY_AVX512,
    ),
    Processor(
        "avx512",
        "Skylake-X, 2017",
        "AVX512_SKX",
        {
            "ATEN_CPU_CAPABILITY": "avx512",
            "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
            "MKL_CBWR": "AVX512",
            "OPENBLAS_CORETYPE": "SkylakeX",
        },
        ("AVX512_ICL", "AVX512_SPR", "AVX512_CLX", "AVX512_CNL"),
    ),
    Processor(
        "mixed",
        "AVX-512 in PyTorch, none in NumPy, MKL's oldest branch",
        "AVX512_SKX",
        {
            "ATEN_CPU_CAPABILITY": "avx512",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
            "MKL_CBWR": "COMPATIBLE",
            "OPENBLAS_CORETYPE": "Zen",
        },
        _NUMPY_AVX512,
    ),
)

_NUMPY_FEATURES = """\
import json
try:
    from numpy._core import _multiarray_umath as core
except ModuleNotFoundError:  # NumPy 1
    from numpy.core import _multiarray_umath as core
has = [name for name, there in core.__cpu_features__.items() if there]
print(json.dumps({"has": has, "may be without": sorted({*has} & {*core.__cpu_dispatch__})}))
"""
# What the libraries really compute, as bits: products, a convolution, and elementary functions.
_FINGERPRINT = """\
import hashlib
import numpy as np, torch
rng = np.random.default_rng(0)
a = rng.standard_normal((8, 97, 131), dtype=np.float32)
b = rng.standard_normal((8, 131, 75), dtype=np.float32)
x, w = rng.random((64, 16, 8, 8), dtype=np.float32), rng.random((32, 16, 3, 3), dtype=np.float32)
t, u = torch.from_numpy(a), torch.from_numpy(b)
found = [a @ b, np.log(a.astype(float) ** 2), np.exp(a), (t @ u).numpy(), t.softmax(2).numpy()]
found.append(torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(w)).numpy())
print(*(hashlib.sha256(one.tobytes()).hexdigest()[:4] for one in found))
"""


@dataclass(frozen=True)
class Survey:
    """The notebooks' results on one processor.

    Attributes:
        processor: the processor.
        fingerprint: six short hashes of what NumPy and PyTorch compute there.
        changed: each notebook's path with its changes; those without a change are left out.
        failed: messages of the notebooks that did not run to their end.
    """

    processor: Processor
    fingerprint: str
    changed: Mapping[Path, Sequence[CellChange]]
    failed: Sequence[str]

    def count(self, kind: str) -> int:
        """Return the number of cells with a change of a kind."""
        return sum(
            len({change.cell for change in found if change.kind == kind})
            for found in self.changed.values()
        )

    @property
    def passed(self) -> bool:
        """Whether every notebook ran, and every change lies within its tolerance."""
        return not self.failed and not any(self.count(kind) for kind in KINDS if kind != ROUNDED)


def find_processors(names: Sequence[str], has: Collection[str] | None = None) -> list[Processor]:
    """Return the processors of these names; if there are none, all that this machine can be.

    Args:
        names: names of processors.
        has: features that this machine has; None asks NumPy.

    Raises:
        CourseError: there is no such processor, or this machine cannot compute as it does.
    """
    known = {processor.name: processor for processor in PROCESSORS}
    for name in names:
        if name not in known:
            raise CourseError(f"there is no processor {name!r}; there are: {', '.join(known)}")
    has = _numpy_features()["has"] if has is None else has
    for name in names:
        if known[name].needs not in has:
            raise CourseError(
                f"this machine cannot compute as {name!r}: it lacks {known[name].needs}"
            )
    chosen = [known[name] for name in names] or [p for p in PROCESSORS if p.needs in has]
    if not chosen:
        raise CourseError("this machine can compute as no other processor: it is not x86-64")
    return chosen


def environment(processor: Processor) -> dict[str, str]:
    """Return the variables that make the libraries compute as on a processor."""
    known = _numpy_features()["may be without"]
    without = [name for name in processor.numpy_without if name in known]
    return {**processor.libraries, "NPY_DISABLE_CPU_FEATURES": " ".join(without)}


def fingerprint(variables: Mapping[str, str]) -> str:
    """Return six short hashes of what NumPy and PyTorch compute with these variables set."""
    return _python(_FINGERPRINT, variables).strip()


def survey(
    paths: Sequence[Path], processors: Sequence[Processor], at_once: int
) -> Iterator[Survey]:
    """Execute notebooks as each of the processors would, with nothing kept of earlier runs.

    Args:
        paths: paths of the notebooks.
        processors: processors to compute as.
        at_once: number of notebooks to execute at the same time.
    """
    for processor in processors:
        variables = environment(processor)
        changed, failed = {}, []
        with tempfile.TemporaryDirectory(prefix="lr-course-portable-") as cache:
            jobs = [
                NotebookJob(p, environment={**variables, "LR_COURSE_CACHE": cache}) for p in paths
            ]
            for done in run_all(jobs, at_once):
                failed += done.messages
                if not done.messages:
                    found = changes(read_notebook(done.job.path), done.notebook)
                    if found:
                        changed[done.job.path] = found
        yield Survey(processor, fingerprint(variables), dict(sorted(changed.items())), failed)


def table(surveys: Sequence[Survey]) -> str:
    """Return the table of the processors, in Markdown: cells with a change of each kind."""
    lines = [
        "| processor | like | bits | " + " | ".join(KINDS) + " | failed |",
        "|---|---|---|" + "--:|" * (len(KINDS) + 1),
    ]
    for one in surveys:
        counts = " | ".join(str(one.count(kind)) for kind in KINDS)
        lines.append(
            f"| {one.processor.name} | {one.processor.like} | `{one.fingerprint}` | {counts} "
            f"| {len(one.failed)} |"
        )
    return "\n".join(lines)


@cache
def _numpy_features() -> dict[str, list[str]]:
    return json.loads(_python(_NUMPY_FEATURES, {"NPY_DISABLE_CPU_FEATURES": ""}))


def _python(code: str, variables: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | variables, capture_output=True, text=True
    )
    if done.returncode:
        raise CourseError(f"this machine cannot compute so: {done.stderr.strip()[-300:]}")
    return done.stdout
