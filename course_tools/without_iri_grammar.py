"""To be imported before nbformat: processes then start two thirds of a second sooner.

jsonschema, under nbformat, loads the grammar of the package rfc3987-syntax for texts of the format
"iri". No schema of a notebook has one, and building the grammar takes longer than most commands.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
