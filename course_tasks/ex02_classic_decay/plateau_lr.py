"""Exercise 2, task 5: repair a plateau rule."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def plateau_lr(
    losses: list[float], peak_lr: float, factor: float, patience: int, threshold: float
) -> list[float]:
    rate, best, since, rates = peak_lr, losses[0], 0, []
    for t, loss in enumerate(losses):
        if best - loss > threshold * abs(best):
            best, since = loss, t
        if t - since > patience:
            rate, since = rate * factor, t
        rates.append(rate)
    return rates


def cases(rng: np.random.Generator) -> list[Case]:
    def case(losses, peak_lr=0.1, factor=0.5, patience=2, threshold=0.01):
        return {
            "losses": losses,
            "peak_lr": peak_lr,
            "factor": factor,
            "patience": patience,
            "threshold": threshold,
        }

    edges = [
        case([1.0] * 12),
        case([1.0] * 5, patience=0, threshold=0.0),
        case([-1.0] * 9, patience=1, factor=0.1),
        case([-1.0, -1.005, -1.02, -1.02, -1.02, -1.02], patience=1),
        case([5.0, 4.0, 3.0, 2.0, 1.0], patience=1, peak_lr=2.0),
        case([5.0, 4.0, 4.5, 4.4, 4.3, 4.2, 4.1, 3.9], patience=2),
        case([100.0, 99.5, 99.4, 98.0, 97.9, 97.8, 97.7], patience=1),
        case([1.0, 0.995, 0.991, 0.985, 0.984, 0.983, 0.982], patience=1),
        case([0.0, 0.0, 0.0, -0.5, -0.5, -0.5], patience=1, threshold=0.1),
        case([2.0, 2.5, 3.0, 1.0, 3.0, 3.0, 3.0, 3.0], peak_lr=1.0, patience=3, factor=0.2),
        case(
            [4.0, 3.0, 3.0, 3.0, 2.25, 2.25], patience=1, threshold=0.25
        ),  # exactly at the threshold
        case([-4.0, -5.0, -5.0, -5.5], patience=1, threshold=0.25),
        case([0.7], peak_lr=0.3),
    ]
    for _ in range(8):
        falling = 3.0 * 0.8 ** np.arange(rng.integers(12, 30))
        losses = falling + 0.3 * rng.standard_normal(falling.size) - float(rng.choice([0.0, 2.0]))
        edges.append(
            case(
                losses.tolist(),
                float(rng.uniform(0.01, 1.0)),
                float(rng.uniform(0.1, 0.8)),
                int(rng.integers(0, 4)),
                float(rng.choice([0.0, 0.01, 0.1])),
            )
        )
    return edges


def loop(
    improved,
    cut=lambda waited, patience: waited > patience,
    after_cut=lambda waited: 0,
    otherwise=lambda best, loss: best,
):
    """Return a plateau rule with a part of it replaced.

    Args:
        improved: best, loss before, loss, threshold -> whether this loss counts as better.
        cut: measurements waited, patience -> whether to cut.
        after_cut: measurements waited -> where the count goes on after a cut.
        otherwise: best, a loss that is no improvement -> the best from then on.
    """

    def rule(losses, peak_lr, factor, patience, threshold):
        rate, best, before, waited, rates = peak_lr, losses[0], losses[0], 0, [peak_lr]
        for loss in losses[1:]:
            if improved(best, before, loss, threshold):
                best, waited = loss, 0
            else:
                best, waited = otherwise(best, loss), waited + 1
                if cut(waited, patience):
                    rate, waited = rate * factor, after_cut(waited)
            before = loss
            rates.append(rate)
        return rates

    return rule


def better(best, before, loss, threshold):
    return best - loss > threshold * abs(best)


def torch_better(best, before, loss, threshold):
    return loss < best * (1 - threshold)


def in_force_before(losses, peak_lr, factor, patience, threshold):
    return [peak_lr, *plateau_lr(losses, peak_lr, factor, patience, threshold)[:-1]]


def restarted_best(losses, peak_lr, factor, patience, threshold):
    rate, best, waited, rates = peak_lr, losses[0], 0, [peak_lr]
    for loss in losses[1:]:
        waited += 1
        if best - loss > threshold * abs(best):
            best, waited = loss, 0
        if waited > patience:
            rate, waited, best = rate * factor, 0, loss
        rates.append(rate)
    return rates


TASK = Task(
    name="plateau_lr",
    number=5,
    section=Section("02_classic_decay", "Further: a rule that watches"),
    points=3,
    reference=plateau_lr,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Copy the broken loop and go through the four parts of the rule one after another. "
            "Which line of the loop carries out each part? A part without such a line is a "
            "fault.",
        ),
        Hint(
            "My first cut comes too early or too late",
            "Take patience 2 and losses that do not change: 1, 1, 1, 1. The rule tolerates two "
            "bad losses in a row. Work out by hand after which loss it cuts, then print your "
            "counter.",
        ),
        Hint(
            "After the first cut my rate falls at every loss",
            "What is the value of your counter right after a cut?",
        ),
        Hint(
            "Only the cases with negative losses fail",
            "Put a best of −1 into your condition, and −1 again as the loss. Does an unchanged "
            "loss count as better? The threshold is a share of the *absolute value* of the best.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as given",
            loop(
                lambda best, before, loss, threshold: loss < before,
                lambda waited, patience: waited >= patience,
                lambda waited: waited,
            ),
            "These are the rates of the broken loop. It has four faults. Compare each part of "
            "the rule with the line that should carry it out.",
        ),
        Misconception(
            "relative to the best itself",
            loop(torch_better),
            "For a negative loss, your threshold lies on the wrong side of the best, so an "
            "unchanged loss counts as an improvement. Lesson 2 shows that PyTorch's default "
            "does this too.",
        ),
        Misconception(
            "patience one short",
            loop(better, cut=lambda waited, patience: waited >= max(patience, 1)),
            "You cut one loss too early. The rule tolerates `patience` losses without "
            "improvement and cuts at the next one. (Keras counts as you do.)",
        ),
        Misconception(
            "count not reset",
            loop(better, after_cut=lambda waited: waited),
            "After a cut your count goes on, so the next loss cuts again. A cut resets the "
            "count to 0.",
        ),
        Misconception(
            "compared with the loss before",
            loop(lambda best, before, loss, threshold: before - loss > threshold * abs(before)),
            "Each loss is compared with the one before it. A loss that goes up and comes back "
            "down then counts as an improvement. Compare each loss with the best so far.",
        ),
        Misconception(
            "no threshold",
            loop(lambda best, before, loss, threshold: loss < best),
            "Any improvement counts here, however small. It has to exceed the threshold.",
        ),
        Misconception(
            "at the bar",
            loop(lambda best, before, loss, threshold: best - loss >= threshold * abs(best)),
            "A loss exactly at the threshold counts as an improvement here. It has to be below "
            "the threshold.",
        ),
        Misconception(
            "best always the minimum",
            loop(better, otherwise=min),
            "Your best is the lowest loss of all. A loss that is not an improvement must not "
            "become the best. Otherwise many small gains never add up to an improvement.",
        ),
        Misconception(
            "absolute threshold",
            loop(lambda best, before, loss, threshold: best - loss > threshold),
            "The threshold is taken as an amount of loss. It is a share of the absolute value "
            "of the best.",
        ),
        Misconception(
            "rate before the loss",
            in_force_before,
            "Your rates lag by one. They are the rates that applied *before* each loss was "
            "seen. The task asks for the rate after it, which the next updates use.",
        ),
        Misconception(
            "best forgotten",
            restarted_best,
            "After a cut you take the loss of that moment as the best. The best so far does not "
            "change; only the count goes back to 0.",
        ),
    ),
)
