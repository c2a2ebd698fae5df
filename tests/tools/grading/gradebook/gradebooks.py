"""For the tests of gradebooks: hostile names, all that one holds, processes that write into it."""

import random
import time

import sqlalchemy as sa

from course_tools.grading.gradebook.journal import Gradebook
from tests.tools.grading.example_reports import handed_in, key, report
from tests.tools.grading.processes import FORKS, forked

# Characters that no index can compress: PostgreSQL's hold no more than 2704 bytes.
LONG = "".join(random.Random(0).choices([chr(code) for code in range(0x4E00, 0x9000)], k=10_000))
HOSTILE = ("a\0b", "\udce9t\udce9", "\\u0000", "\\", LONG, "Zoë 🎓", "'; DROP TABLE --", "")


def contents(url):
    """Everything that is kept, without numbers and times, sorted."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = []
        for table in ("settings", "results", "handed_in", "adjustments"):
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).mappings()
            found += [
                (table, sorted((k, v) for k, v in row.items() if k not in ("id", "recorded_at")))
                for row in rows
            ]
    engine.dispose()
    return sorted(found, key=repr)


class Forked:
    """A function that runs in a process of its own and sends words to this one."""

    def __init__(self, function, *arguments):
        self._heard, told = FORKS.Pipe(duplex=False)
        self._process = forked(function, told, *arguments)
        told.close()

    def says(self):
        """The next that it sends."""
        return self._heard.recv()

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        self._process.kill()

    def rest(self):
        """All else that it sends, once it has ended."""
        said = []
        try:
            while True:
                said.append(self._heard.recv())
        except EOFError:
            self._process.join()
            return said


def write(told, url, first, last):
    """Hand in and record some results; say "ready" before and "done" after."""
    with Gradebook(url) as book:
        book.secret_seed(7)
        told.send("ready")
        for number in range(first, last):
            content = f"{number:064x}"
            files = [handed_in(f"student {number}", place=str(n), sha256=content) for n in range(8)]
            book.hand_in(*files)
            name = key(settings=str(number))
            if book.latest(name) is None:
                book.record(name, report(reached=number % 8 / 4, printed="x" * 20_000))
    told.send("done")


def draw_seed(told, url, barrier):
    """Open a gradebook when all others do, and send its seed."""
    barrier.wait(60)
    with Gradebook(url) as book:
        told.send(book.secret_seed())


def hold(told, url, seconds=60):
    """Keep a gradebook; say "held" or why it cannot be."""
    try:
        with Gradebook(url) as book, book.held("lr-course grade"):
            told.send("held")
            time.sleep(seconds)
    except ValueError as error:
        told.send(str(error))
