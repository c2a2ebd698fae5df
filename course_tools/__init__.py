"""The tools of the course's staff: authoring, grading, the command line, the doctor."""
