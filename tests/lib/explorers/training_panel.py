"""The training explorer, moved and pressed without a browser, and its scores by hand."""

import asyncio
import re
from html import unescape

import numpy as np

from course_lib import explorers, training

SMALL = {"seeds": 2, "updates": 60}
ALONE = {"jobs": 1, "cache": False, "progress": False}


def panel_with(**settings):
    panel = explorers.training()
    for name, value in (SMALL | settings).items():
        panel.controls[name].value = value
    return panel


def text(widget):
    return unescape(re.sub("<[^>]+>", " ", widget.value)).strip()


async def trained(panel):
    panel.go.click()
    await panel.task


async def reach(panel, updates):
    """Let the training go on until so many updates are done."""
    while panel.outcome is None or panel.outcome.updates < updates:
        assert not panel.task.done()
        await asyncio.sleep(0.001)


def go(panel):
    asyncio.run(trained(panel))
    return text(panel.words)


def scores_by_hand(rates, seeds, data, optimizer, **more):
    """Held-out losses and accuracies of one schedule, trained apart from the explorer."""
    workload = training.Workload(data, training.Mlp(dtype="float32"), optimizer, 32)
    table = np.tile(rates, (seeds, 1))
    return training.train(workload, table, range(seeds), **more, **ALONE)
