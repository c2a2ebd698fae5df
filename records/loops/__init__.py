"""Small runs of real training loops, for the rates of `course_lib.libraries.framework_loops`.

    python -m records.loops lightning            run every loop again and write its rates
    python -m records.loops lightning --compare  run them, and print what differs

The rates are in `tests/lib/libraries/recorded_loops/`. A record there has the arguments of the
function of `framework_loops`, from which the driver makes the real loop.
"""
