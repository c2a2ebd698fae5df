"""``python -m course_lib.reference sheet.html``: the cheat sheet as a page of its own, to print."""

import sys
from pathlib import Path

from course_lib.reference import cheat_sheet, page

if len(sys.argv) != 2:
    raise SystemExit("usage: python -m course_lib.reference FILE.html")
Path(sys.argv[1]).write_text(page(cheat_sheet()), encoding="utf-8")
