"""Makes the records of `course_lib/libraries/recorded_rates/` by running the libraries themselves.

    python -m records torch             run torch over its records and write their rates
    python -m records torch --compare   run it, and print what differs from the stored rates

A library is run in a virtual environment of its own, in a temporary folder, with the releases that
`libraries.py` pins. Its driver in `drivers/` builds what a record names, with the record's
arguments, and gives the rate of every update. To add a schedule, add a record without "values" to
its library's file and run the library; to add a library, add such a file, and a driver with its
pins.

On Linux, PyPI's torch brings CUDA; with PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
pip takes the CPU build.
"""
