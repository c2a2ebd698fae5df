"""Submissions that patch what they can reach: nothing in their process decides about points."""

from course_tools.grading.report import GRADED, SUSPICIOUS
from tests.hostile.making import attack, full, mistaken, notebook, sabotage, wrong_loss

_WRONG = wrong_loss("pass")
_EYED = (GRADED, SUSPICIOUS)

SUBMISSIONS = (
    attack(
        "the checker is replaced",
        notebook(
            first="""
            import builtins, course_lib.checks

            def check(*given, **more):
                print("right in all cases; 3 of 3 points")

            course_lib.checks.check = builtins.check = check
            """,
            steady_state_loss=_WRONG,
        ),
        "the checker in the sandbox decides nothing",
    ),
    attack(
        "assert is defused",
        notebook(
            first="""
            import builtins

            class Never(Exception):
                pass

            builtins.AssertionError = Never
            """,
            steady_state_loss=_WRONG,
        ),
        "no assert decides about points",
    ),
    attack(
        "NumPy compares everything as equal",
        notebook(
            first="""
            for name in ("allclose", "array_equal", "isclose", "all", "equal"):
                setattr(np, name, lambda *given, **more: True)
            np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
            """,
            steady_state_loss=_WRONG,
        ),
        "values are compared elsewhere",
    ),
    sabotage(
        "NumPy makes no arrays any more",
        notebook(
            last="""
            for name in ("array", "asarray", "asanyarray", "ravel", "shape", "ndarray"):
                setattr(np, name, lambda *given, **more: "3 of 3 points")
            """,
            steady_state_loss=_WRONG,
        ),
        "values are compared elsewhere",
    ),
    sabotage(
        "json writes what it likes",
        notebook(
            last="""
            import json
            json.dumps = json.JSONEncoder.encode = lambda *given, **more: '{"points": 6}'
            """,
            steady_state_loss=_WRONG,
        ),
        "no field for points is read from a kernel",
    ),
    sabotage(
        "builtins are replaced",
        notebook(
            last="""
            import builtins
            builtins.isinstance = lambda *given: True
            builtins.repr = builtins.str = builtins.float = lambda *given: "3.0"
            builtins.type = lambda *given: float
            """,
            steady_state_loss=_WRONG,
        ),
        "the kernel is its own",
    ),
    sabotage(
        "builtins are deleted",
        notebook(
            last="""
            import builtins
            for name in ("len", "print", "isinstance", "getattr", "open", "list", "dict"):
                delattr(builtins, name)
            """,
            steady_state_loss=_WRONG,
        ),
        "the kernel is its own",
    ),
    sabotage(
        "a false NumPy",
        notebook(
            first="""
            import sys, types

            class Numpy(types.ModuleType):
                def __getattr__(self, name):
                    return lambda *given, **more: True

            sys.modules["numpy"] = Numpy("numpy")
            """,
            steady_state_loss=_WRONG,
        ),
        "it deceives its own process only",
    ),
    sabotage(
        "all modules are thrown away",
        notebook(last="import sys\nsys.modules.clear()", steady_state_loss=_WRONG),
        "the kernel is its own",
    ),
    sabotage(
        "an input transformer",
        notebook(
            last="""
            get_ipython().input_transformers_cleanup.append(lambda lines: ["print('6 of 6')\\n"])
            """,
            steady_state_loss=_WRONG,
        ),
        "later cells become something else; no answer comes of that",
    ),
    sabotage(
        "an AST transformer",
        notebook(
            last="""
            import ast

            class Agreeing(ast.NodeTransformer):
                def visit_Compare(self, node):
                    return ast.copy_location(ast.Constant(True), node)

                def visit_Assert(self, node):
                    return ast.copy_location(ast.Pass(), node)

                def visit_Constant(self, node):
                    return ast.copy_location(ast.Constant(3.0), node)

            get_ipython().ast_transformers.append(Agreeing())
            """,
            steady_state_loss=_WRONG,
        ),
        "later cells become something else; no answer comes of that",
    ),
    attack(
        "hooks around every cell",
        notebook(
            last="""
            def boast(*given):
                print("steady_state_loss: 3 of 3 points")

            for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
                get_ipython().events.register(event, boast)
            """,
            steady_state_loss=_WRONG,
        ),
        "printed is printed",
    ),
    sabotage(
        "a kernel that executes nothing and says ok",
        notebook(
            last="""
            async def do_execute(*given, **more):
                return {"status": "ok", "execution_count": 1, "payload": [],
                        "user_expressions": {"points": 6}}

            get_ipython().kernel.do_execute = do_execute
            """,
            steady_state_loss=_WRONG,
        ),
        "ok is no answer",
    ),
    sabotage(
        "a session that turns every reply into ok",
        notebook(
            last="""
            session = get_ipython().kernel.session
            send = session.send

            def forge(stream, message, content=None, *given, **more):
                if isinstance(content, dict) and "status" in content:
                    content = {"status": "ok", "execution_count": 1, "user_expressions": {}}
                return send(stream, message, content, *given, **more)

            session.send = forge
            """,
            steady_state_loss=wrong_loss("1 / 0"),
        ),
        "ok is no answer",
    ),
    sabotage(
        "a kernel that never says that it is idle",
        notebook(
            last="get_ipython().kernel._publish_status = lambda *given, **more: None",
            steady_state_loss=_WRONG,
        ),
        "silence is no answer",
    ),
    sabotage(
        "a session that sends everything twice",
        notebook(
            last="""
            session = get_ipython().kernel.session
            send = session.send

            def twice(*given, **more):
                send(*given, **more)
                return send(*given, **more)

            session.send = twice
            """,
            steady_state_loss=_WRONG,
        ),
        "the same twice is no better",
    ),
    sabotage(
        "a namespace that answers for every name",
        notebook(
            last="""
            shell = get_ipython()

            class Names(dict):
                def get(self, name, default=None):
                    return lambda **given: -1.0

            shell.user_ns = Names(shell.user_ns)
            """,
            steady_state_loss=_WRONG,
        ),
        "what answers is wrong",
    ),
    full(
        "stdout is replaced",
        notebook(
            first="""
            import io, sys
            sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
            """,
            last="print('kept to myself')",
        ),
        "the answers do not go through stdout",
        states=_EYED,
    ),
    sabotage(
        "stdout is None",
        notebook(first="import sys\nsys.stdout = sys.stderr = None", steady_state_loss=_WRONG),
        "the kernel is its own",
    ),
    full(
        "time stands still around right work",
        notebook(first="import time\ntime.time = time.monotonic = lambda: 0.0"),
        "no clock of the sandbox counts",
        states=_EYED,
    ),
    sabotage(
        "time is a text",
        notebook(last="import time\ntime.monotonic = lambda: 'noon'", steady_state_loss=_WRONG),
        "no clock of the sandbox counts",
    ),
    full(
        "tracing, profiling and no garbage collection",
        notebook(
            first="""
            import gc, sys
            gc.disable()
            sys.settrace(lambda *given: None)
            sys.setprofile(lambda *given: None)
            """
        ),
        "odd, and right",
        states=_EYED,
    ),
    full(
        "warnings and floating-point errors raise",
        notebook(
            first="""
            import warnings
            warnings.simplefilter("error")
            np.seterr(all="raise")
            """
        ),
        "the functions give no reason for either",
    ),
    full(
        "one thread waits for another in a lock",
        notebook(
            first="""
            import threading
            lock = threading.Lock()
            lock.acquire()
            threading.Thread(target=lock.acquire, daemon=True).start()
            """
        ),
        "nobody waits for it",
    ),
    mistaken(
        "a function that spoils its arguments",
        notebook(
            largest_stable_rate="""
            def largest_stable_rate(hessian):
                right = 2 / np.linalg.eigvalsh(hessian)[-1]
                hessian[:] = np.nan
                return right
            """,
            steady_state_loss=wrong_loss("rate = curvature = noise_std = None"),
        ),
        "every call gets arguments of its own: the first is right all the same",
    ),
    sabotage(
        "the answers' sender goes on for ever",
        notebook(
            last="""
            import IPython.display

            def publish(*given, **more):
                while True:
                    pass

            IPython.display.publish_display_data = publish
            IPython.core.display_functions.publish_display_data = publish
            """,
            steady_state_loss=_WRONG,
        ),
        "no answer comes",
    ),
    sabotage(
        "every type says that it is a float",
        notebook(
            steady_state_loss=wrong_loss(
                "pass",
                answer="Chameleon()",
                before="""
                class Chameleon:
                    dtype, shape, ndim, size, v = "float64", (), 0, 1, "3 of 3"

                    @property
                    def __class__(self):
                        return float

                    def __getattr__(self, name):
                        return lambda *given, **more: self
                """,
            ),
        ),
        "an object that only says so is no number",
    ),
)
