"""Kernels that start beside each other use sockets of their own, by every way we start them."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_client.manager import KernelManager

from course_tools.authoring.kernel_sockets import with_own_sockets
from tests.tools.authoring.made_notebooks import notebook

EXECUTED = """
from course_tools.authoring.notebook_execution import execute
from tests.tools.authoring.made_notebooks import notebook
shows = "import ipykernel; print(ipykernel.get_connection_info())"
print(execute(notebook(shows)).notebook.cells[0].outputs[0].text)
"""


def test_papermill_kernels_have_a_folder_that_goes_with_the_process():
    shown = subprocess.run(
        [sys.executable, "-c", EXECUTED], capture_output=True, text=True, check=True, timeout=60
    )
    connection = json.loads(shown.stdout)
    assert connection["transport"] == "ipc"
    assert not Path(connection["ip"]).parent.exists()


def test_nbval_kernels_have_one(tmp_path):
    nb = notebook("import ipykernel", "'\"ipc\"' in ipykernel.get_connection_info()")
    for cell in nb.cells:
        cell.execution_count = 1
    nb.cells[1].outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": "True"}, execution_count=1)
    ]
    nbformat.write(nb, tmp_path / "a.ipynb")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    plugins = ["-p", "no:xdist", "-p", "course_tools.authoring.nbval_checks"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--nbval", "--nbval-current-env", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "2 passed" in done.stdout, done.stdout


def test_a_folder_with_too_long_a_name_leaves_tcp(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    manager = with_own_sockets(KernelManager())
    assert manager.transport == "tcp"
    del manager
    assert list(long.iterdir()) == []
