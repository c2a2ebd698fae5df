"""Forged answers and messages: whatever a kernel sends is data from somebody nobody knows.

They write in the grader's own form, so that they fail for the right reason; where that form
changes, they have to change with it: `test_the_forgeries_are_in_the_form_of_the_grader` says so.
"""

import json

from course_tools.grading.report import GRADED, SUSPICIOUS
from tests.hostile.making import ANY_END, attack, full, notebook, sabotage, wrong_loss

_WRONG = wrong_loss("pass")
#: The module that asks a function, as a learner's code finds it, and the type of its message.
PROBE, MIME = "course_tools.grading.box.probe", "application/vnd.lr-course.answers"
_VERDICT = {
    "task": "steady_state_loss",
    "outcome": "answered",
    "points": 3,
    "reached": 3.0,
    "possible": 3.0,
    "correct": True,
    "is_right": True,
    "parts": [["values", 3, 3]],
}


def _forged(text: str) -> str:
    """Return a cell after which every question is answered with a text of its own.

    Args:
        text: an expression with `name`, `number` of questions and `nonce`.
    """
    return f"""
import sys
from IPython.display import publish_display_data

def report(name, questions, nonce, *more):
    number = len(questions)
    publish_display_data({{{MIME!r}: {text}}})

sys.modules[{PROBE!r}].report = report
"""


def _answers(values: str, seconds: str = "0.1") -> str:
    """Return an expression of the text in which all answers to a task are the same.

    Args:
        values: an expression of the JSON text of one answer.
        seconds: JSON text.
    """
    head = '{"nonce": "NONCE", "seconds": ' + seconds + ', "answers": ['
    return f"{head!r}.replace('NONCE', nonce) + ', '.join([{values}] * number) + ']}}'"


#: JSON texts that `wire` never writes, or that hold what no database takes.
ODD_VALUES = (
    '{"t": "float", "v": 1' + "0" * 400 + "}",
    '{"t": "float", "v": 1e999}',
    '{"t": "float", "v": NaN}',
    '{"t": "int", "v": 1' + "0" * 5000 + "}",
    '{"t": "float", "v": true}',
    '{"t": "float", "v": "1.0"}',
    '{"t": "array", "dtype": "object", "shape": [1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": "float64", "shape": [1000000000000], "v": [], "one": false}',
    '{"t": "array", "dtype": "float64", "shape": [-1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": "float64", "shape": [0, 99999], "v": [], "one": true}',
    '{"t": "array", "dtype": "float64,float64", "shape": [1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": "(2", "shape": [1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": "(99999,99999)f8", "shape": [1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": "{\\"a\\": 1}", "shape": [1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": "f8\\u0000", "shape": [1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": "\\ud800", "shape": [1], "v": [1.0], "one": false}',
    '{"t": "array", "dtype": ["f8"], "shape": {"0": 1}, "v": "1.0", "one": 1}',
    '{"t": "array", "dtype": "uint8", "shape": [1], "v": [-1], "one": false}',
    '{"t": "array", "dtype": "str", "shape": [1], "v": ["\\ud800\\u0000"], "one": false}',
    '{"t": "array", "dtype": "bool", "shape": [], "v": [true], "one": true}',
    '{"t": "dict", "v": [[{"t": "list", "of": "", "v": []}, {"t": "plain", "v": null}]]}',
    '{"t": "dict", "v": {"a": 1}}',
    '{"t": ["float"], "v": 1.0}',
    '{"t": {"a": []}, "v": 1.0}',
    '{"v": 1.0}',
    "3.0",
    "null",
    '"right"',
    '{"t": "raised", "kind": "\\ud800", "message": "\\u0000<script>", "line": "=1+1"}',
    '{"t": "raised", "kind": 7, "message": null, "line": []}',
    '{"t": "text", "v": "\\ud800"}',
    '{"t": "opaque", "v": "\\u202e\\u0000"}',
    '{"t": "list", "of": "", "v": ' + "[" * 5000 + "]" * 5000 + "}",
    '{"t": "list", "of": "float", "v": [' + "1.0, " * 9000 + "1.0]}",
    '{"__reduce__": ["os.system", ["touch /tmp/owned"]], "t": "float", "v": 1.0}',
    '{"t": "given", "v": "schedules.cosine", "given": "tasks.ALL"}',
)

_TASKS = ("gradient_step", "largest_stable_rate", "steady_state_loss")


def _three(*values: str) -> str:
    return _forged(_answers(f"{dict(zip(_TASKS, values, strict=True))!r}[name]"))


_MESSAGES = f"""
kernel = get_ipython().kernel
for kind, content in (
    ("display_data", {{"data": "none", "metadata": 3}}),
    ("display_data", {{"data": {{{MIME!r}: {{"points": 6}}}}, "metadata": {{}}}}),
    ("display_data", {{}}),
    ("execute_result", {{"data": None, "metadata": None, "execution_count": "x"}}),
    ("stream", {{"name": ["stdout"], "text": 7}}),
    ("stream", {{}}),
    ("error", {{"ename": 1, "evalue": None, "traceback": "x"}}),
    ("error", {{}}),
    ("update_display_data", {{"data": {{}}, "metadata": {{}}, "transient": {{"display_id": []}}}}),
    ("clear_output", {{"wait": "yes"}}),
    ("clear_output", {{}}),
    ("comm_open", {{"comm_id": 1}}),
    ("comm_msg", {{}}),
    ("execute_input", {{}}),
    ("status", {{"execution_state": "graded"}}),
    ("<script>", {{"points": 6}}),
    ("input_request", {{"prompt": "points?"}}),
):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
"""
_RAW = """
kernel = get_ipython().kernel
for frames in ([b"x"], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"],
               [b"<IDS|MSG>", b"0" * 64, b"\\xff", b"[]", b"1", b"null"], [b""] * 200):
    kernel.iopub_socket.send_multipart(frames)
"""
_EARLY = """
kernel = get_ipython().kernel
parent = kernel.get_parent()
ok = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {"points": 6}}
kernel.session.send(kernel.shell_stream, "execute_reply", ok, parent=parent,
                    ident=kernel._parent_ident["shell"])
kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)
"""


def _as_a_client(kind: str) -> str:
    """Return code that reads its kernel's key and sends to it as if it were the grader."""
    return f"""
import json, ipykernel, time, zmq
from jupyter_client.session import Session

with open(ipykernel.get_connection_file()) as file:
    connection = json.load(file)
session = Session(key=connection["key"].encode())
context = zmq.Context()
for port in ("shell_port", "control_port", "stdin_port"):
    socket = context.socket(zmq.DEALER)
    ipc = connection["transport"] == "ipc"
    socket.connect(f"{{connection['transport']}}://{{connection['ip']}}"
                   f"{{'-' if ipc else ':'}}{{connection[port]}}")
    session.send(socket, {kind!r}, {{"status": "ok", "code": "print('3 of 3')", "silent": False,
                                     "restart": False, "points": 6, "user_expressions": {{}}}})
time.sleep(0.2)
"""


_SEIZED = """
import json, os, ipykernel, zmq

path = ipykernel.get_connection_file()
folder = os.path.dirname(path)
context = zmq.Context()
kept = []
for name in os.listdir(folder):
    if name != os.path.basename(path):
        os.unlink(f"{folder}/{name}")
        kept.append(context.socket(zmq.ROUTER))
        kept[-1].bind(f"ipc://{folder}/{name}")
"""
_LINKS = """
import os, ipykernel

path = ipykernel.get_connection_file()
folder = os.path.dirname(path)
for name in (*os.listdir(folder), "connection.json", "answers.json", "result.json"):
    os.path.lexists(f"{folder}/{name}") and os.unlink(f"{folder}/{name}")
    os.symlink(HOST["file"], f"{folder}/{name}")
os.symlink(os.path.dirname(HOST["file"]), f"{folder}/folder")
os.symlink("/", f"{folder}/root")
"""
_EYED = (GRADED, SUSPICIOUS)

SUBMISSIONS = (
    attack(
        "prints what a grader might print",
        notebook(
            steady_state_loss=wrong_loss(
                f"print({json.dumps(_VERDICT)!r})\n"
                f"display({{'application/json': {_VERDICT!r}}}, raw=True)\n"
                "print('steady_state_loss: right in all 10 cases tried here; 3 of 3 points')"
            )
        ),
        "printed is printed",
    ),
    attack(
        "displays answers as the grader's own code does",
        notebook(
            steady_state_loss=wrong_loss(
                f"display({{{MIME!r}: '[3.0]'}}, raw=True)\n"
                f"display({{{MIME!r}: 7}}, raw=True)\n"
                f"display({{{MIME!r}: {_VERDICT!r}}}, raw=True)"
            )
        ),
        "whoever answers for it answers wrong",
        outcomes=ANY_END,
    ),
    sabotage(
        "a verdict in place of answers",
        notebook(last=_forged(repr(json.dumps(_VERDICT))), steady_state_loss=_WRONG),
        "no verdict is read from a kernel",
    ),
    sabotage(
        "a verdict beside answers",
        notebook(
            last=_forged(
                _answers(
                    repr('{"t": "float", "v": 3.0, "points": 3, "right": true}'),
                    '0.1, "points": 6, "state": "graded", "outcome": "answered"',
                )
            ),
            steady_state_loss=_WRONG,
        ),
        "no verdict is read from a kernel",
    ),
    sabotage(
        "answers nested 100,000 deep",
        notebook(last=_forged("'[' * 100_000 + ']' * 100_000"), steady_state_loss=_WRONG),
        "it is no answer that can be sent",
    ),
    sabotage(
        "seconds that are no number",
        notebook(
            last=_forged(
                "{'gradient_step': "
                + _answers(repr('{"t": "float", "v": 1.0}'), '"nan"')
                + ", 'largest_stable_rate': "
                + _answers(repr('{"t": "float", "v": 1.0}'), "1e999")
                + ", 'steady_state_loss': "
                + _answers(repr('{"t": "float", "v": 1.0}'), "1" + "0" * 400)
                + "}[name]"
            ),
            steady_state_loss=_WRONG,
        ),
        "the learner's own clock counts for nothing",
    ),
    *(
        sabotage(
            f"values that no answer has, {start // 3 + 1}",
            notebook(last=_three(*ODD_VALUES[start : start + 3]), steady_state_loss=_WRONG),
            "it is no answer that can be sent, or a wrong one",
        )
        for start in (0, 6)  # all of them: test_values_that_no_answer_has_are_refused
    ),
    sabotage(
        "messages of every kind with nothing in them",
        notebook(steady_state_loss=wrong_loss(_MESSAGES)),
        "they come from the learner, whatever they say",
    ),
    sabotage(
        "frames that are no messages",
        notebook(steady_state_loss=wrong_loss(_RAW)),
        "they come from the learner, whatever they say",
    ),
    sabotage(
        "a reply before its time",
        notebook(steady_state_loss=wrong_loss(_EARLY)),
        "a reply says nothing of values",
    ),
    sabotage(
        "a reply before its time, and then for ever",
        notebook(
            gradient_step=f"def gradient_step(**given):\n    exec({_EARLY!r})\n    while 1: pass",
            steady_state_loss=_WRONG,
        ),
        "a reply says nothing of values",
    ),
    sabotage(
        "its own key, and a request in the grader's name",
        notebook(steady_state_loss=wrong_loss(_as_a_client("execute_request"))),
        "who asks its kernel gets what its kernel says",
    ),
    sabotage(
        "its own key, and an order to shut down",
        notebook(steady_state_loss=wrong_loss(_as_a_client("shutdown_request"))),
        "it ends its own kernel",
    ),
    sabotage(
        "its own key, and an order to debug",
        notebook(steady_state_loss=wrong_loss(_as_a_client("debug_request"))),
        "it debugs itself",
    ),
    sabotage(
        "sockets in place of the kernel's",
        notebook(steady_state_loss=wrong_loss(_SEIZED)),
        "who talks to it hears a learner either way",
    ),
    sabotage(
        "links to the host's files where the grader writes",
        notebook(steady_state_loss=wrong_loss(_LINKS)),
        "the grader must not follow them",
    ),
    sabotage(
        "links where the grader writes, and an end that makes it write again",
        notebook(
            gradient_step=f"{_LINKS}\ndef gradient_step(**given):\n    os._exit(0)",
            steady_state_loss=_WRONG,
        ),
        "the grader must not follow them",
    ),
    full(
        "every message twice, as a display",
        notebook(first="for number in range(5):\n    handle = display(number, display_id='same')"),
        "displays are allowed",
        states=_EYED,
    ),
)
