"""Makes the records of `course_lib/libraries/recorded.json` by running the libraries themselves.

    python -m records torch             run torch over its records and write their rates
    python -m records torch --compare   run it, and print what differs from the stored rates

A library is run in a virtual environment of its own, in a temporary folder, with the releases that
`libraries.py` pins. Its driver in `drivers/` builds what a record names, with the record's
arguments, and gives the rate of every update. To add a schedule, add a record without "values" to
`recorded.json` and run its library; to add a library, add its pins and a driver as well.

On Linux, PyPI's torch brings CUDA; with PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
pip takes the CPU build.
"""
