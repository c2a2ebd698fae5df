"""A notebook in a real JupyterLab in headless Chromium, for browser tests and for people who look.

As a command, run a notebook and write what a learner sees, page by page:

    python -m tests.lessons.lab notebooks/01_constant_lr.ipynb out/ --theme dark
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from course_lib.explorers.frame import CSS_CLASS
from course_tools.doctor import find_chromium

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
OVERLAP = 40  # pixels that two pages share, so that no line is cut on both
VIEWPORT = {"width": 1200, "height": 1400}
SERVER_SECONDS = 60
PROMPT = "course_tools.lab_server.PromptConnection"
PAGE_MS = 90_000
RUN_MS = 300_000
CHROMIUM_ARGS = [
    "--no-sandbox",  # Chromium refuses to run as root otherwise, which containers do
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Lab shows 'idle' before a kernel is attached, and running then asks which one to take.
KERNEL_READY = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  return context?.isReady && context.session?.kernel?.status === 'idle';
}"""
# Braces and no return: playwright would wait for a returned promise without any time limit.
RUN_ALL = """() => {
  window.runAllEnded = false;
  const { commands } = window.jupyterapp;
  commands.execute('editmenu:clear-all')
    .then(() => commands.execute('notebook:run-all-cells'))
    .finally(() => { window.runAllEnded = true; });
}"""
RUN_ENDED = f"""() => window.runAllEnded && ({KERNEL_READY})()"""
CODE_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .map(cell => cell.model)
  .filter(model => model.type === 'code' && model.sharedModel.source.trim())
  .map(model => ({
    source: model.sharedModel.source,
    count: model.executionCount,
    outputs: model.outputs.toJSON(),
  }))"""
# What fails when a widget is moved belongs to no cell: Lab shows it nowhere but in its log console.
HEAR_WIDGETS = """() => {
  window.failedMoves = [];
  const { sessionContext } = window.jupyterapp.shell.currentWidget;
  sessionContext.iopubMessage.connect((_, { header, parent_header, content }) => {
    if (parent_header.msg_type === 'execute_request') return;
    if (header.msg_type === 'error') window.failedMoves.push(`${content.ename}: ${content.evalue}`);
  });
}"""
FIGURES = """() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(img => ({
  alt: img.alt,
  width: img.naturalWidth,
  inWidget: img.closest('.jupyter-widgets') !== null,
}))"""
# Lab gives HTML pictures without alt text this one, which tells a blind reader nothing.
LABS_OWN_ALT = "Image"
# Below the last cell Lab leaves room to scroll on.
CONTENT_END = """scroller => {
  const last = [...scroller.querySelectorAll('.jp-Cell')].pop().getBoundingClientRect();
  return last.bottom - scroller.getBoundingClientRect().top + scroller.scrollTop;
}"""
SETTLED = """() => [...document.images].every(image => image.complete)"""


@dataclass(frozen=True)
class Lab:
    """A JupyterLab and a Chromium that show one notebook after the other.

    Attributes:
        root: folder below which the server keeps all that it reads and writes.
        url: the server's address.
        log: file with what the server and its kernels write.
        browser: Playwright's.
    """

    root: Path
    url: str
    log: Path
    browser: Browser

    @contextmanager
    def opened(self, notebook, theme="light", viewport=VIEWPORT):
        """Yield a page with a copy of the notebook open and its kernel idle; end that kernel."""
        copied = self.root / "work" / Path(notebook).name  # Lab autosaves: never the original
        shutil.copy(notebook, copied)
        write_settings(self.root / "settings", theme)
        logged = len(self.log.read_text(encoding="utf-8"))
        page = self.browser.new_page(viewport=viewport)  # with cookies and storage of its own
        try:
            page.server_log = lambda: self.log.read_text(encoding="utf-8")[logged:]
            page.goto(f"{self.url}/lab/tree/{copied.name}?reset")
            page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PAGE_MS)
            page.wait_for_function(KERNEL_READY, timeout=PAGE_MS)
            page.evaluate(HEAR_WIDGETS)
            yield page
        finally:
            page.close()
            self._end_kernels()

    def _end_kernels(self):
        with urllib.request.urlopen(f"{self.url}/api/sessions") as answer:
            sessions = json.load(answer)
        for session in sessions:
            address = f"{self.url}/api/sessions/{session['id']}"
            urllib.request.urlopen(urllib.request.Request(address, method="DELETE")).close()


@contextmanager
def lab():
    """Yield a `Lab`; starting its server and its browser takes seconds, so share it."""
    with tempfile.TemporaryDirectory(prefix="lab") as folder:
        root = Path(folder).resolve()
        (root / "work").mkdir()
        with running_server(root) as (url, log), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=CHROMIUM_ARGS
            )
            try:
                yield Lab(root, url, log, browser)
            finally:
                browser.close()


def write_settings(folder, theme):
    """Write Lab's settings: the theme, no news pop-up, and every cell rendered, seen or not."""
    settings = {
        "apputils-extension/themes": {"theme": THEMES[theme]},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for name, values in settings.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")


@contextmanager
def running_server(root):
    """Run a JupyterLab server that keeps all it writes under root; yield its address and log."""
    url = f"http://127.0.0.1:{free_port()}"
    names = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
    places = {f"JUPYTER_{name}": str(root / folder) for name, folder in names.items()}
    places["JUPYTERLAB_SETTINGS_DIR"] = str(root / "settings")
    places["IPYTHONDIR"] = str(root / "ipython")
    # `make test` has just trained what the lessons train: with its runs, theirs take seconds.
    places["LR_COURSE_CACHE"] = os.environ.get("LR_COURSE_CHECKED_RUNS", "")
    log = root / "lab.log"
    with open(log, "w", encoding="utf-8") as output:
        server = subprocess.Popen(
            server_command(url, root / "work"),
            env=os.environ | places,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its kernels end with it
        )
    try:
        wait_for_server(url, server, log)
        yield url, log
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def server_command(url, folder):
    return [
        *(sys.executable, "-m", "jupyterlab"),
        *("--no-browser", "--allow-root", "--expose-app-in-browser"),
        f"--ServerApp.port={url.rpartition(':')[2]}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.kernel_websocket_connection_class={PROMPT}",  # as `make lab` has it
    ]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_server(url, server, log):
    give_up = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/api", timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


def run_all(page, timeout=RUN_MS):
    """Clear what the notebook brought, run all cells, and wait until the run has ended."""
    page.evaluate(RUN_ALL)
    page.wait_for_function(RUN_ENDED, timeout=timeout)
    page.wait_for_function(SETTLED, timeout=PAGE_MS)


def problems(page, figures=None):
    """Return what is wrong after a run, a sentence each; `figures` is how many there should be."""
    found = []
    for cell in page.evaluate(CODE_CELLS):
        name = f"cell {cell['source'].strip().splitlines()[0]!r}"
        if cell["count"] is None:
            found.append(f"{name} did not run")
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"{name} failed: {output['ename']}: {output['evalue']}")
            elif output.get("name") == "stderr":
                found.append(f"{name} wrote to stderr: {''.join(output['text']).strip()}")
    found += [f"moving a widget failed: {text}" for text in page.evaluate("window.failedMoves")]
    shown = page.evaluate(FIGURES)
    found += [f"figure {i + 1} is not drawn" for i, f in enumerate(shown) if not f["width"]]
    no_alt = ("", LABS_OWN_ALT)
    found += [f"figure {i + 1} has no alt text" for i, f in enumerate(shown) if f["alt"] in no_alt]
    drawn = sum(not figure["inWidget"] for figure in shown)
    if figures is not None and drawn != figures:
        found.append(f"{drawn} figures, not the {figures} stored in the notebook")
    return found


def stored_figures(notebook):
    """Count the pictures in a notebook's stored outputs, without those that explorers replace."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    shown = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
    return sum(pictures_in(data) for data in shown)


def pictures_in(data):
    # Lab shows the richest kind of an output: HTML before pictures, a widget before both.
    if "text/html" in data:
        shown = "".join(data["text/html"])
        return 0 if CSS_CLASS in shown else shown.count("<img")
    return int(any(kind.startswith("image/") for kind in data))


def save_pages(page, folder):
    """Write the notebook as PNG files, one for each screenful, and return their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    panel = page.locator(".jp-NotebookPanel:visible")
    scroller = panel.locator(".jp-WindowedPanel-outer").first
    scroller.evaluate("e => { e.scrollTop = 0; }")
    height = int(scroller.evaluate(CONTENT_END))
    step = scroller.evaluate("e => e.clientHeight") - OVERLAP
    paths = []
    for top in range(0, height, step):
        scroller.evaluate("(e, top) => { e.scrollTop = top; }", top)
        paths.append(folder / f"page_{len(paths) + 1:02}.png")
        panel.screenshot(path=paths[-1])
    return paths


def main():
    parser = argparse.ArgumentParser(
        description="Run a notebook in JupyterLab; picture every page."
    )
    parser.add_argument("notebook", type=Path)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--theme", choices=THEMES, default="light")
    arguments = parser.parse_args()
    if not arguments.notebook.is_file():
        parser.error(f"no notebook {arguments.notebook}: give the path of an .ipynb file")
    if find_chromium() is None:
        parser.error("no Chromium or Chrome here: lr-course doctor says how to get one")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that Lab and its kernels end too
    with lab() as shown, shown.opened(arguments.notebook, arguments.theme) as page:
        run_all(page)
        found = problems(page, stored_figures(arguments.notebook))
        for path in save_pages(page, arguments.out_dir):
            print(path)
    print("\n".join(found) or "No problem found.")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
