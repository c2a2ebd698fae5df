#!/bin/sh
# Surprise: NPY_DISABLE_CPU_FEATURES=X86_V4 does not turn AVX-512 off. NumPy 2.4 groups its code by
# levels: X86_V4 is AVX-512 as in Skylake-X, AVX512_ICL what Ice Lake adds to it. With the first
# disabled, the second, which contains it, is still reported as enabled. AVX512F, a name of earlier
# releases, gives an ImportWarning, which Python does not show by default, and changes nothing.
#
# One would expect that without a feature everything that contains it is off as well. To compute as
# a processor without AVX-512 does, you have to name every level: X86_V4 AVX512_ICL AVX512_SPR.
#
# Source: numpy/_core/src/common/npy_cpu_features.c (npy__cpu_check_env) and
# https://numpy.org/doc/stable/reference/simd/build-options.html
#
# Seen: NumPy 2.4.6, Python 3.11, x86-64 with AVX512_ICL, 2026-11-28. Needs such a processor.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6
cat >"$folder/levels.py" <<'CODE'
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

print(*(name for name in __cpu_dispatch__ if __cpu_features__[name]))
CODE
seen() {
    printf '%-40s' "$1"
    got=$(NPY_DISABLE_CPU_FEATURES="$1" "$folder/venv/bin/python" "$folder/levels.py" 2>/dev/null)
    echo "$got"
    [ "$got" = "$2" ]
}
seen "" "X86_V3 X86_V4 AVX512_ICL"
seen "X86_V4" "X86_V3 AVX512_ICL"
seen "AVX512F" "X86_V3 X86_V4 AVX512_ICL"
seen "X86_V4 AVX512_ICL" "X86_V3"
