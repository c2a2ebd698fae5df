#!/bin/sh
# Surprise: optax.polynomial_schedule with a fractional power gives nan at and past its end under
# jax.jit, for 44 of the lengths from 1 to 60 and not for the others. Called without jit it gives
# end_value for all of them. With length 10, the eleventh compiled update of optax.sgd makes every
# weight nan.
#
# One would expect end_value, as the documentation says for t >= B + T; the count is clipped for it.
# But XLA turns the division by the constant length into a product with its rounded reciprocal, and
# on the CPU joins that product and the subtraction in 1 - count / length into one instruction (FMA)
# that does not round in between. Where the reciprocal was rounded up, the result is about -1e-8,
# and a negative number has no fractional power. Without FMA (here: XLA told to stop at AVX) no
# length gives nan. Powers 1 and 2 are safe. So is a run of no more updates than the schedule is
# long.
#
# Source: optax/schedules/_schedule.py (polynomial_schedule); "A / Const => A * (1 / Const)" in
# xla/hlo/transforms/simplifiers/algebraic_simplifier.cc; on joining, which XLA does by default,
# https://github.com/jax-ml/jax/issues/18507 and https://github.com/openxla/xla/issues/41579.
#
# Seen: optax 0.2.8, jax and jaxlib 0.10.2, Python 3.11, x86-64 with FMA, 2026-11-29. Needs such a
# processor.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cat >"$folder/ends.py" <<'CODE'
import jax
import numpy as np
import optax

lengths = range(1, 61)
found = {"without jit": [], "with jit": [], "with jit, past the end": []}
for length in lengths:
    schedule = optax.polynomial_schedule(0.1, 0.0, power=0.9, transition_steps=length)
    compiled = jax.jit(schedule)
    for name, rate in zip(found, (schedule(length), compiled(length), compiled(length + 5)), strict=True):
        if np.isnan(rate):
            found[name].append(length)
# Exact in double precision: a length times its reciprocal in single precision.
rounded_up = [length for length in lengths if length * float(np.float32(1) / np.float32(length)) > 1]
as_rounded = found["with jit"] == found["with jit, past the end"] == rounded_up
print(*map(len, found.values()), "as rounded up" if as_rounded else "not as rounded up")
CODE
seen() {
    got=$(JAX_PLATFORMS=cpu XLA_FLAGS="$1" "$folder/venv/bin/python" "$folder/ends.py")
    echo "XLA_FLAGS='$1': nan without jit, with jit, past the end: $got"
    [ "$got" = "$2" ]
}
seen "" "0 44 44 as rounded up"
seen "--xla_cpu_max_isa=AVX" "0 0 0 not as rounded up"
