#!/bin/sh
# Surprise: what an asyncio task prints after the cell that created it is lost when a notebook is
# executed with nbclient, and so with nbconvert --execute and papermill. A worker task, created in
# the first cell, takes jobs from an asyncio.Queue. A later cell puts jobs in and awaits
# queue.join(). All jobs are done, and what the worker printed, logged, warned of or displayed
# meanwhile is in no cell, not even as text of the first one. The same worker as a thread shows
# everything, in the cell that waits for it.
#
# One would expect the output in the cell that is running while it is printed, as for the thread, or
# at least in the cell that created the task. ipykernel notes in a contextvars.ContextVar which cell
# an output belongs to, and a task keeps the context in which it was created, while a thread begins
# with an empty one and falls back on the cell that runs now. The messages of the task thus name the
# first cell, and nbclient, which looks only for those of the current cell, drops them without a
# word. It helps to create the task in an empty context that has no cell,
# asyncio.create_task(work(), context=contextvars.Context()) (Python 3.11), and what it prints is
# then in the cell that runs.
#
# Source: ipykernel/iostream.py (OutStream.parent_header), ipykernel/zmqshell.py
# (ZMQDisplayPublisher.parent_header), nbclient/client.py (_async_poll_output_msg). The context came
# with https://github.com/ipython/ipykernel/pull/1186.
#
# Seen: ipykernel 7.4.0, nbclient 0.11.0, Python 3.11, 2026-11-30.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ipykernel==7.4.0 nbclient==0.11.0 nbformat==5.11.1
cat >"$folder/outputs.py" <<'CODE'
import nbformat.v4
from nbclient import NotebookClient

WORK = """
import asyncio, contextvars, logging, queue, threading, time, warnings
from IPython.display import display

done = []
def job(number):
    print("printed", number)
    logging.warning("logged %d", number)
    warnings.warn(f"warned {number}")
    display({"text/plain": f"displayed {number}"}, raw=True)
    done.append(number)
"""
TASK = """
jobs = asyncio.Queue()
async def work():
    while True:
        job(await jobs.get())
        jobs.task_done()
worker = asyncio.create_task(work())
jobs.put_nowait(1)
await jobs.join()
"""
TASK_JOBS = """
jobs.put_nowait(2)
jobs.put_nowait(3)
await jobs.join()
"""
THREAD = """
jobs = queue.Queue()
def work():
    while True:
        job(jobs.get())
        jobs.task_done()
threading.Thread(target=work, daemon=True).start()
jobs.put_nowait(1)
jobs.join()
"""
THREAD_JOBS = TASK_JOBS.replace("await ", "")
EMPTY_CONTEXT = TASK.replace("work())", "work(), context=contextvars.Context())")


class Listening(NotebookClient):
    """Notes which cell each message of the kernel names as its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.messages, self.named = [], {}

    async def async_execute_cell(self, cell, cell_index, **kwargs):
        channel = self.kc.iopub_channel
        if not self.named:
            get_msg = channel.get_msg

            async def listen(*args, **kwargs):
                message = await get_msg(*args, **kwargs)
                parent = message["parent_header"].get("msg_id")
                if message["msg_type"] == "execute_input":
                    self.named[parent] = len(self.named)
                if message["msg_type"] in ("stream", "display_data"):
                    self.messages.append((self.named.get(parent), text_of(message["content"])))
                return message

            channel.get_msg = listen
        return await super().async_execute_cell(cell, cell_index, **kwargs)


def text_of(output):
    return output.get("text") or output["data"]["text/plain"]


def seen(*sources):
    """What each cell shows of jobs 2 and 3, and which cells the kernel named for it."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells.append(nbformat.v4.new_code_cell("time.sleep(0.5)\nprint('done', done)"))
    client = Listening(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", timeout=60)
    client.execute()
    shown = ["".join(map(text_of, cell.outputs)) for cell in cells]
    assert all(f"{kind} 1" in shown[1] for kind in KINDS), shown[1]
    assert shown[3] == "done [1, 2, 3]\n", shown[3]
    in_cells = [sum(f"{k} {n}" in text for k in KINDS for n in (2, 3)) for text in shown]
    named = [0] * len(cells)
    for cell, text in client.messages:
        named[cell] += sum(f"{k} {n}" in text for k in KINDS for n in (2, 3))
    return in_cells, named


KINDS = ("printed", "logged", "warned", "displayed")
found = {
    "task": seen(WORK, TASK, TASK_JOBS),
    "thread": seen(WORK, THREAD, THREAD_JOBS),
    "task in an empty context": seen(WORK, EMPTY_CONTEXT, TASK_JOBS),
}
for worker, (in_cells, named) in found.items():
    print(f"{worker}: outputs of jobs 2 and 3 by cell {in_cells}, by the cell that the kernel names {named}")
assert found == {
    "task": ([0, 0, 0, 0], [0, 8, 0, 0]),
    "thread": ([0, 0, 8, 0], [0, 0, 8, 0]),
    "task in an empty context": ([0, 0, 8, 0], [0, 0, 8, 0]),
}, found
CODE
"$folder/venv/bin/python" "$folder/outputs.py" 2>"$folder/stderr" || { cat "$folder/stderr" >&2; exit 1; }
