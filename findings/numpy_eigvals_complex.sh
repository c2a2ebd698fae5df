#!/bin/sh
# Surprise: from NumPy 2.5 on, numpy.linalg.eig and eigvals return complex numbers whatever the
# matrix, even for a real symmetric one whose eigenvalues are real. Up to 2.4 they returned floats
# where every imaginary part was 0. Code that divides by their maximum goes on working and gives a
# complex number, so float(...) of it, a comparison with < or a plot of it fails further on.
#
# One would expect floats, as the documentation said for years ("unless the imaginary part is zero
# in which case it will be cast to a real type"). eigvalsh and eigh still return floats.
#
# Source: the docstrings of numpy.linalg.eigvals in both releases.
#
# Seen: NumPy 2.4.6 and 2.5.5, Python 3.13, 2026-11-29. Needs Python 3.12 or newer.
set -eu
python=
for candidate in python3.14 python3.13 python3.12 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "No Python 3.12 or newer is on the PATH." >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/kinds.py" <<'CODE'
import numpy as np

matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
eig = np.linalg.eig(matrix).eigenvalues
print(*(part.dtype for part in (np.linalg.eigvals(matrix), eig, np.linalg.eigvalsh(matrix))))
CODE
seen() {
    "$python" -m venv --clear "$folder/venv"
    "$folder/venv/bin/pip" install --quiet "numpy==$1"
    got=$("$folder/venv/bin/python" "$folder/kinds.py")
    echo "NumPy $1: eigvals, eig, eigvalsh give $got"
    [ "$got" = "$2" ]
}
seen 2.4.6 "float64 float64 float64"
seen 2.5.5 "complex128 complex128 float64"
