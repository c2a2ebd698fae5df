"""Tells IPython's magics and shell lines apart, by what they can define or reach."""

from __future__ import annotations

import ast

#: Magics that define nothing and reach nothing.
HARMLESS_MAGICS = {
    *(
        "autoreload",
        "capture",
        "config",
        "prun",
        "time",
        "timeit",
        "html",
        "HTML",
        "latex",
        "load_ext",
        "markdown",
        "matplotlib",
    ),
    *("pinfo", "pinfo2", "precision", "psearch", "reload_ext", "svg", "who", "whos"),
}
#: Magics that define nothing in the notebook, with shell commands, whose name here is "".
DEFINING_NOTHING = HARMLESS_MAGICS | {
    *("", "bash", "cd", "conda", "file", "javascript", "js", "ls", "pip", "pwd", "reset"),
    *("reset_selective", "script", "sh", "sx", "system", "writefile", "xdel"),
}


def magic_of(node: ast.AST) -> str | None:
    """Return the name of the magic that a call runs; "" for a shell command, None for no magic."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    owner = node.func.value
    if not (isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name)):
        return None
    if owner.func.id != "get_ipython":
        return None
    if node.func.attr in ("getoutput", "system"):
        return ""
    if node.func.attr in ("run_line_magic", "run_cell_magic") and node.args:
        name = node.args[0]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return name.value
    return None
