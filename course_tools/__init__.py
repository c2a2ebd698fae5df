"""What the course's staff run: authoring, grading, the command line, the doctor."""
