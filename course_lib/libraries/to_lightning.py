"""A schedule as Lightning's `configure_optimizers`: torch's code, and the interval it needs."""

from __future__ import annotations

from textwrap import indent

from course_lib.libraries.to_torch import torch_parts
from course_lib.schedules import Schedule

_HEADER = """\
# A method of your LightningModule; put your own optimizer in. Lightning steps the scheduler after
# each update; without "interval", once an epoch. Every parameter group gets this rate.
def configure_optimizers(self):
    optimizer = torch.optim.AdamW(self.parameters())
"""
_RETURN = """\
    return {
        "optimizer": optimizer,
        "lr_scheduler": {"scheduler": scheduler, "interval": "step", "frequency": 1},
    }
"""


def lightning_code(schedule: Schedule) -> str:
    """Return code that defines `configure_optimizers`, with the scheduler that torch's code has."""
    code = torch_parts(schedule)
    imports = code.imports.replace("from torch.", "import torch\nfrom torch.", 1)
    function = f"\n\n{code.function}\n\n" if code.function else ""
    return f"{imports}{function}\n{_HEADER}{indent(code.lines, '    ')}{_RETURN}"
