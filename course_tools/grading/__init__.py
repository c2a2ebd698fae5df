"""Grades folders of submissions from people nobody knows."""

import course_tools.without_iri_grammar  # noqa: F401 - before nbformat
