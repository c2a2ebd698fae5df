"""The connection that `make lab` gives JupyterLab: messages are sent at once."""

import asyncio
import re
import socket
from importlib import import_module
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from course_tools.lab_server import PromptConnection
from tests.lessons.lab import PROMPT

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def test_the_name_that_make_lab_gives_is_that_of_the_class():
    (name,) = re.findall(r"kernel_websocket_connection_class=(\S+)", MAKEFILE.read_text())
    module, _, attribute = name.rpartition(".")
    assert getattr(import_module(module), attribute) is PromptConnection
    assert name == PROMPT


@pytest.mark.parametrize("prompt", [True, False])
def test_a_page_is_answered_without_delay(prompt, monkeypatch):
    """A real websocket, whose socket is asked; without our connection TCP may wait."""
    told = []
    base = PromptConnection.__mro__[1]
    monkeypatch.setattr(base, "connect", lambda self: "connected")

    class Handler(WebSocketHandler):
        def open(self):
            monkeypatch.setattr(base, "websocket_handler", self)  # it takes only a kernel's
            told.append((PromptConnection if prompt else base)().connect())
            stream = self.ws_connection.stream.socket
            told.append(stream.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)

    async def meet():
        listener, port = bind_unused_port()
        server = HTTPServer(Application([("/", Handler)]))
        server.add_socket(listener)
        page = await websocket_connect(f"ws://127.0.0.1:{port}/")
        for _ in range(200):
            if len(told) == 2:
                break
            await asyncio.sleep(0.01)
        page.close()
        server.stop()

    asyncio.run(meet())
    assert told == ["connected", prompt]
