"""Answers to exercise 4 as learners write them: right in several ways, and wrong as people are.

A cell of its own is marked off by `# %%`; the last cell holds the task's function.
"""

from __future__ import annotations

#: By task: functions that are right.
RIGHT: dict[str, tuple[str, ...]] = {
    "lr_at_step": (
        """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    \"\"\"Return the rate at `step` of a linear warmup and half a cosine.\"\"\"
    step, warmup_steps, total_steps = int(step), int(warmup_steps), int(total_steps)
    if step < warmup_steps:
        return np.array([peak_lr * step / warmup_steps])
    if step > total_steps:
        return np.zeros(1)
    u = (step - warmup_steps) / (total_steps - warmup_steps)
    return np.array([0.5 * peak_lr * (1 + np.cos(np.pi * u))])
""",
        """\
import math


def half_cosine(u):
    return (1 + math.cos(math.pi * u)) / 2
# %%
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, w, n = (math.floor(x) for x in (step, warmup_steps, total_steps))
    if t < w:
        lr = t / w * peak_lr
    else:
        lr = peak_lr * half_cosine(min(1, (t - w) / (n - w)))
    return [lr]
""",
        """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, w, n = int(step), int(warmup_steps), int(total_steps)
    print(t, w, n)
    knots = [0, max(w, 1e-9)]
    up = np.interp(t, knots, [0.0 if w else 1.0, 1.0])
    down = np.cos(np.pi / 2 * np.clip((t - w) / (n - w), 0, 1)) ** 2
    return np.array([peak_lr * (up if t < w else down)])
""",
    ),
    "warmup_cosine_rates": (
        """\
def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    \"\"\"Return the rates at `steps` of a linear warmup and half a cosine.\"\"\"
    u = np.clip((steps - warmup_steps) / (total_steps - warmup_steps), 0, 1)
    cosine = peak_lr * (1 + np.cos(np.pi * u)) / 2
    return np.where(steps < warmup_steps, peak_lr * steps / max(1, warmup_steps), cosine)
""",
        """\
def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    rates = np.zeros(steps.shape)
    for i in np.ndindex(steps.shape):
        t = steps[i]
        if t < warmup_steps:
            rates[i] = peak_lr * t / warmup_steps
        elif t < total_steps:
            u = (t - warmup_steps) / (total_steps - warmup_steps)
            rates[i] = peak_lr * (1 + np.cos(np.pi * u)) / 2
    return rates
""",
    ),
    "with_warmup": (
        """\
def with_warmup(step, schedule, warmup_steps):
    \"\"\"Return the rate at `step` of a linear warmup that `schedule` follows.\"\"\"
    if step < warmup_steps:
        return schedule(0) * step / warmup_steps
    return schedule(step - warmup_steps)
""",
        """\
def with_warmup(step, schedule, warmup_steps):
    start = float(schedule(0))
    line = [start * i / warmup_steps for i in range(warmup_steps)]
    return line[step] if step < len(line) else float(schedule(step - len(line)))
""",
    ),
    "adam_update": (
        """\
def adam_update(gradients, rate, beta1, beta2, eps):
    \"\"\"Return what Adam adds to the weights after the last of `gradients`.\"\"\"
    m = np.zeros(gradients.shape[1])
    v = np.zeros(gradients.shape[1])
    n = 0
    for g in gradients:
        n += 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**n)
    v_hat = v / (1 - beta2**n)
    return -rate * m_hat / (np.sqrt(v_hat) + eps)
""",
        """\
class Adam:
    def __init__(self, beta1, beta2):
        self.beta1, self.beta2, self.n, self.m, self.v = beta1, beta2, 0, 0.0, 0.0

    def see(self, g):
        self.n += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2

    def hats(self):
        return self.m / (1 - self.beta1**self.n), self.v / (1 - self.beta2**self.n)
# %%
def adam_update(gradients, rate, beta1, beta2, eps):
    adam = Adam(beta1, beta2)
    for g in gradients:
        adam.see(g)
    m, v = adam.hats()
    return -rate * m / (v**0.5 + eps)
""",
    ),
    "library_rates": (
        """\
def library_rates(library, peak_lr, warmup_steps, total_steps, floor):
    \"\"\"Return the rates of a whole run with the warmup of `library` and a cosine.\"\"\"
    t, w = np.arange(total_steps), warmup_steps
    if library == "transformers":
        rise = t / w
    elif library == "torchtitan":
        rise = (t + 1) / w
    elif library == "nanogpt":
        rise = (t + 1) / (w + 1)
    else:
        rise = 1 / w + (1 - 1 / w) * t / w
    fall = floor + (peak_lr - floor) * (1 + np.cos(np.pi * (t - w) / (total_steps - w))) / 2
    return np.where(t < w, peak_lr * rise, fall)
""",
    ),
}

#: By task and known mistake: functions that make it.
WRONG: dict[str, dict[str, str]] = {
    "lr_at_step": {
        "whole run": """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    step, warmup_steps, total_steps = int(step), int(warmup_steps), int(total_steps)
    if step < warmup_steps:
        return np.array([peak_lr * step / warmup_steps])
    u = min(step / total_steps, 1)
    return np.array([0.5 * peak_lr * (1 + np.cos(np.pi * u))])
""",
        "cosine too long": """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    step, warmup_steps, total_steps = int(step), int(warmup_steps), int(total_steps)
    if step < warmup_steps:
        lr = peak_lr * step / warmup_steps
    else:
        u = min((step - warmup_steps) / total_steps, 1.0)
        lr = peak_lr * (1 + np.cos(np.pi * u)) / 2
    return np.array([lr])
""",
        "first update moves": """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, w, n = int(step), int(warmup_steps), int(total_steps)
    if t < w:
        return np.array([peak_lr * (t + 1) / w])
    u = min(1, (t - w) / (n - w))
    return np.array([peak_lr / 2 * (1 + np.cos(np.pi * u))])
""",
        "climbs past the end": """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, w, n = int(step), int(warmup_steps), int(total_steps)
    if t < w:
        return np.array([peak_lr * t / w])
    return np.array([peak_lr / 2 * (1 + np.cos(np.pi * (t - w) / (n - w)))])
""",
        "not cut to whole numbers": """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return np.array([peak_lr * step / warmup_steps])
    u = min(1, (step - warmup_steps) / (total_steps - warmup_steps))
    return np.array([peak_lr / 2 * (1 + np.cos(np.pi * u))])
""",
        "not shape (1,)": """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, w, n = int(step), int(warmup_steps), int(total_steps)
    if t < w:
        return peak_lr * t / w
    u = min(1, (t - w) / (n - w))
    return float(peak_lr * (1 + np.cos(np.pi * u)) / 2)
""",
        "linear decay": """\
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, w, n = int(step), int(warmup_steps), int(total_steps)
    if t < w:
        return np.array([peak_lr * t / w])
    return np.array([peak_lr * max(0, (n - t) / (n - w))])
""",
    },
    "warmup_cosine_rates": {
        "product": """\
def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    up = np.minimum(steps / warmup_steps, 1) if warmup_steps > 0 else 1
    down = (1 + np.cos(np.pi * np.minimum(steps / total_steps, 1))) / 2
    return peak_lr * up * down
""",
        "climbs past the end": """\
def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    u = (steps - warmup_steps) / (total_steps - warmup_steps)
    down = (1 + np.cos(np.pi * u)) / 2
    return peak_lr * np.where(steps < warmup_steps, steps / max(warmup_steps, 1), down)
""",
        "flattened": """\
def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    return np.array([float(rate_at(t, peak_lr, warmup_steps, total_steps)[0])
                     for t in steps.flatten()])


def rate_at(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return [peak_lr * step / warmup_steps]
    u = min(1, (step - warmup_steps) / (total_steps - warmup_steps))
    return [peak_lr / 2 * (1 + np.cos(np.pi * u))]
""",
    },
    "with_warmup": {
        "schedule not shifted": """\
def with_warmup(step, schedule, warmup_steps):
    if step >= warmup_steps:
        return schedule(step)
    return schedule(0) * step / warmup_steps
""",
        "multiplied": """\
def with_warmup(step, schedule, warmup_steps):
    factor = 1.0
    if warmup_steps > 0:
        factor = min(1.0, step / warmup_steps)
    return factor * schedule(step)
""",
        "first update moves": """\
def with_warmup(step, schedule, warmup_steps):
    if step < warmup_steps:
        return (step + 1) / warmup_steps * schedule(0)
    return schedule(step - warmup_steps)
""",
    },
    "adam_update": {
        "uphill": """\
def adam_update(gradients, rate, beta1, beta2, eps):
    m = v = 0
    for n, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
    return rate * (m / (1 - beta1**n)) / (np.sqrt(v / (1 - beta2**n)) + eps)
""",
        "no correction": """\
def adam_update(gradients, rate, beta1, beta2, eps):
    m = v = 0
    for g in gradients:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
    return -rate * m / (np.sqrt(v) + eps)
""",
        "eps in the root": """\
def adam_update(gradients, rate, beta1, beta2, eps):
    m = v = 0
    for n, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
    return -rate * (m / (1 - beta1**n)) / np.sqrt(v / (1 - beta2**n) + eps)
""",
    },
    "library_rates": {
        "all from zero": """\
def library_rates(library, peak_lr, warmup_steps, total_steps, floor):
    rates = []
    for t in range(total_steps):
        if t < warmup_steps:
            rates.append(peak_lr * t / warmup_steps)
        else:
            u = (t - warmup_steps) / (total_steps - warmup_steps)
            rates.append(floor + (peak_lr - floor) * (1 + np.cos(np.pi * u)) / 2)
    return np.array(rates)
""",
        "nanogpt as torchtitan": """\
def library_rates(library, peak_lr, warmup_steps, total_steps, floor):
    first = {"transformers": 0, "torchtitan": 1, "nanogpt": 1, "torch": 1}[library]
    rates = []
    for t in range(total_steps):
        if t >= warmup_steps:
            u = (t - warmup_steps) / (total_steps - warmup_steps)
            rates.append(floor + (peak_lr - floor) * (1 + np.cos(np.pi * u)) / 2)
        elif library == "torch":
            rates.append(peak_lr / warmup_steps * (1 + (warmup_steps - 1) * t / warmup_steps))
        else:
            rates.append(peak_lr * (t + first) / warmup_steps)
    return np.array(rates)
""",
    },
}

#: Calls the implementation that the course has.
LIBRARY = """\
from course_lib import schedules


def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, w, n = int(step), int(warmup_steps), int(total_steps)
    cosine = schedules.cosine(peak_lr, n - w)
    return [schedules.warmup(cosine, w, start=0.0)(t) if w else cosine(t)]
"""

#: Nothing that Python can read.
SYNTAX_ERROR = """\
def with_warmup(step, schedule, warmup_steps):
    if step < warmup_steps
        return schedule(0) * step / warmup_steps
    return schedule(step - warmup_steps)
"""

#: Never returns.
ENDLESS_LOOP = """\
def adam_update(gradients, rate, beta1, beta2, eps):
    m = v = np.zeros(gradients.shape[1])
    n = 0
    while n < len(gradients):
        g = gradients[n]
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
    return -rate * m / (np.sqrt(v) + eps)
"""

#: By task: cells that learners add behind it.
OWN_CELLS: dict[str, tuple[str, ...]] = {
    "lr_at_step": (
        "[lr_at_step(t, 1.0, 10, 100) for t in (0, 5, 10, 55, 100, 150)]",
        """\
import matplotlib.pyplot as plt

plt.plot([float(lr_at_step(t, 0.1, 10, 100)[0]) for t in range(120)])
plt.xlabel("step");
""",
    ),
    "warmup_cosine_rates": ("print(warmup_cosine_rates(np.arange(12), 0.1, 3, 10))",),
    "with_warmup": ("[with_warmup(t, example, 3) for t in range(8)]",),
    "adam_update": ("adam_update(np.array([[100.0, -1.0, 0.001]]), 0.1, 0.9, 0.999, 1e-8)",),
    "library_rates": ('library_rates("torch", 0.1, 10, 100, 0.001)[:12].round(4)',),
}
