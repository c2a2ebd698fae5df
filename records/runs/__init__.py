"""Small runs of real trainers, each with a mistake that people make, for the logs that they write.

    python -m records.runs transformers    train again and write the log of course_lib.diagnose

The logs are in `course_lib/diagnose/example_logs/`, as the trainers wrote them.
"""
