"""Grades folders of submissions from people nobody knows."""

import sys

# Two thirds of a second of every new process would be a grammar that jsonschema, under nbformat,
# loads for texts of the format "iri"; schemas of notebooks have none.
sys.modules.setdefault("rfc3987_syntax", None)
