"""Grades folders of submissions from people nobody knows."""

import course_lib.without_iri_grammar  # noqa: F401 - before nbformat
