"""The Jupyter server's connection to a page, without a wait of up to 40 ms that TCP adds.

A kernel answers in several small messages. TCP holds the second back until the browser has
acknowledged the first (Nagle's algorithm), and a browser takes its time to acknowledge (delayed
acknowledgement). An explorer's new picture is in the second. `make lab` starts JupyterLab with

    --ServerApp.kernel_websocket_connection_class=course_tools.lab_server.PromptConnection

and `make bench` measures what a slider feels like with it.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's own connection; messages leave as soon as they are there (TCP_NODELAY)."""

    def connect(self) -> Any:
        """Connect the page to its kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
