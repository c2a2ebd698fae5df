"""A connection that is cut: by a message that is too large, or by a kernel that ends."""

import asyncio

import pytest
import zmq
import zmq.asyncio

from course_tools.grading.box.client import _Client

_MOST = 10_000  # bytes of a message
_PATIENCE = 30


class Watch:
    """Counts the kernels it was told to end for too large a message."""

    ended = 0

    def end(self, limit):
        self.ended += limit == "message_mb"


@pytest.fixture
def seen(tmp_path):
    """A function that watches a connection while something is done to it; returns the ends."""

    async def run(happens):
        context, watch = zmq.asyncio.Context(), Watch()
        kernel, grader = context.socket(zmq.PUB), context.socket(zmq.SUB)
        grader.setsockopt(zmq.MAXMSGSIZE, _MOST)
        grader.subscribe(b"")
        kernel.bind(f"ipc://{tmp_path}/kernel")
        grader.connect(f"ipc://{tmp_path}/kernel")
        client = _Client.__new__(_Client)
        client.watch = watch
        seeing = asyncio.ensure_future(client._see(grader))
        try:
            while not await grader.poll(50):  # a publisher sends nothing before it is connected
                await kernel.send(b"hello")
            await happens(kernel)
            await asyncio.wait([seeing], timeout=1 if kernel.closed else _PATIENCE)
            return watch.ended
        finally:
            seeing.cancel()
            await asyncio.gather(seeing, return_exceptions=True)
            context.destroy(linger=0)

    return lambda happens: asyncio.run(run(happens))


def test_a_kernel_that_sends_too_large_a_message_is_ended(seen):
    async def send(kernel):
        await kernel.send(bytes(2 * _MOST))

    assert seen(send) == 1


def test_a_kernel_that_takes_its_time_to_end_is_not_said_to_be_over_a_limit(seen):
    async def close(kernel):
        kernel.close(linger=0)

    assert seen(close) == 0
