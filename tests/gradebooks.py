"""For the tests of gradebooks: hostile names, all that one holds, a process of its own."""

import os
import random
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).parents[1]
# Characters that no index can compress: PostgreSQL's hold no more than 2704 bytes.
LONG = "".join(random.Random(0).choices([chr(code) for code in range(0x4E00, 0x9000)], k=10_000))
HOSTILE = ("a\0b", "\udce9t\udce9", "\\u0000", "\\", LONG, "Zoë 🎓", "'; DROP TABLE --", "")


def contents(url):
    """Everything that is kept, without numbers and times, sorted."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = []
        for table in ("settings", "results", "handed_in"):
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).mappings()
            found += [
                (table, sorted((k, v) for k, v in row.items() if k not in ("id", "recorded_at")))
                for row in rows
            ]
    engine.dispose()
    return sorted(found, key=repr)


def python(code, *arguments):
    """A process that runs code."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
