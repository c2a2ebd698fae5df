"""Makes the records of `course_lib/libraries/recorded_rates/` by running the libraries themselves.

    python -m records torch             run torch over its records and write their rates
    python -m records torch --compare   run it, and print what differs from the stored rates
    python -m records timm --newest     run the newest release, and print what it changed
    python -m records --all --newest    the same for all libraries, one after another

A library is run in a virtual environment of its own, in a temporary folder, with the releases that
`libraries.py` pins. Its driver in `drivers/` builds what a record names, with the record's
arguments, and gives the rate of every update. To add a schedule, add a record without "values" to
its library's file and run the library; to add a library, add such a file, and a driver with its
pins.

`--newest` moves the library alone; what else its driver pins stays. A record has changed if its
rates differ by more than its tolerance, which a conversion must meet. Nothing is written: to record
the new release, edit the pin in the driver. Of several libraries at once, one that cannot be run
does not stop the others.

On Linux, PyPI's torch brings CUDA; with PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
pip takes the CPU build.
"""
