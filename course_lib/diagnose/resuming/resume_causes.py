"""Names what a resumed run lost, from the states before the save and after the restore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from course_lib.diagnose.resuming.resume_parts import (
    RNG,
    State,
    differing,
    groups_of,
    is_optimizer,
    is_saveable,
    parameter_names,
)
from course_lib.diagnose.resuming.resume_result import in_words, listed

Changes = dict[str, tuple[Any, Any]]


# Kinds of loss that no part's state shows; each is put right by itself to see what it does.
HIDDEN = {
    RNG: "the state of the global random generators ({drawn}) was not restored, and the run draws "
    'from it (dropout, shuffling, augmentation): save and restore it, as "rng" in restore does',
    "gradients": "gradients that had been accumulated when the run was saved are in no checkpoint "
    "(p.grad): save between two optimizer steps",
    "seed": "make() draws something at random that no checkpoint holds (data, a split, an order), "
    "so a new process has another: seed it in make()",
}


def lost_states(
    saved: Mapping[str, State],
    fresh: Mapping[str, State],
    restored: Mapping[str, State],
    built: Mapping[str, Any],
    parts: Mapping[str, Any],
    tolerance: float,
) -> list[str]:
    """Return one sentence for each part whose state after the restore is not the one saved.

    Args:
        saved: inventory of the run when it was saved.
        fresh: inventory of the new process before it restored anything.
        restored: inventory after it restored.
        built: parts as `make` built them in the new process.
        parts: parts that the run goes on with.
        tolerance: as in `differing`.
    """
    sentences = _loose_ends(parts)
    for name in sorted(saved, key=lambda name: _rank(parts.get(name))):
        changes = differing(saved[name], restored.get(name, {}), tolerance)
        if not changes:
            continue
        left = not differing(fresh.get(name, {}), restored.get(name, {}), 0.0)
        part = parts.get(name)
        new = part is not built.get(name)
        if name not in parts:
            sentences.append(f"{name}: the restored run has no such part")
        elif isinstance(part, LRScheduler):
            sentences.append(f"{name}: " + _scheduler(changes, left, new, part))
        elif is_optimizer(part):
            replaced = any(
                isinstance(p, LRScheduler) and p is not built.get(n) for n, p in parts.items()
            )
            sentences.append(f"{name}: " + _optimizer(changes, left, replaced))
        elif isinstance(part, torch.nn.Module):
            sentences.append(f"{name}: " + _module(changes, left, len(saved[name])))
        else:
            lead = "its state was not restored" if left else "its state is not the one saved"
            sentences.append(f"{name}: {lead} ({_few(changes)})")
    return sentences


def _rank(part: Any) -> int:
    """Return the place of a part's sentence: first those that the rates depend on."""
    kinds = (isinstance(part, LRScheduler), is_optimizer(part), isinstance(part, torch.nn.Module))
    return kinds.index(True) if any(kinds) else len(kinds)


def _loose_ends(parts: Mapping[str, Any]) -> list[str]:
    """Return sentences on schedulers and optimizers that act on objects no longer in the run."""
    sentences = []
    optimizers = [part for part in parts.values() if is_optimizer(part)]
    groups = {id(group) for group in groups_of(parts)}
    for name, part in parts.items():
        if isinstance(part, LRScheduler):
            theirs = getattr(part, "optimizer", None)
            known = theirs is None or any(theirs is optimizer for optimizer in optimizers)
            if not known and not any(id(group) in groups for group in theirs.param_groups):
                sentences.append(
                    f"{name}: it sets the rates of an optimizer that is not the run's: it was "
                    "built before the optimizer was replaced"
                )
    names = parameter_names(parts)
    for name, part in parts.items():
        if is_optimizer(part) and names:
            held = [p for group in part.param_groups for p in group["params"]]
            if held and not any(id(p) in names for p in held):
                sentences.append(
                    f"{name}: its parameters are those of no model of the run: it was built "
                    "before the model was replaced"
                )
    return sentences


def _scheduler(changes: Changes, left: bool, new: bool, part: Any) -> str:
    counts = {p: c for p, c in changes.items() if p.rpartition(".")[2] == "last_epoch"}
    plateau = [p for p in ("best", "num_bad_epochs", "cooldown_counter") if p in changes]
    was, now = counts.get("last_epoch", (None, None))
    if left:
        words = f"its state was not restored ({_few(changes)})"
        if plateau:
            words += "; a plateau rule forgets its best metric and its count of bad epochs with it"
        return words
    if new and now is not None and now == 0:
        return (
            f"it was built anew after make() and its state was not loaded into it ({_few(changes)})"
        )
    if new and now is not None:
        return (
            f"it was built anew with last_epoch={now - 1}, so it stands at step {now}, not {was}: "
            f"pass the updates done minus 1, {was - 1}"
        )
    if was is not None and now is not None and now < was and len(counts) == len(changes):
        behind = was - now
        return (
            f"its state is {behind} step{'s' * (behind > 1)} behind (last_epoch {now}, not {was}): "
            "the checkpoint was saved before scheduler.step()"
        )
    if set(changes) <= {p for p in changes if "base_lrs" in p}:
        return (
            f"it takes other rates as its base ({_few(changes)}): it was built when the groups had "
            "no initial_lr, or another one"
        )
    return f"its state is not the one saved ({_few(changes)})"


def _optimizer(changes: Changes, left: bool, scheduler_replaced: bool) -> str:
    orders = {p: c for p, c in changes.items() if p.endswith("].params")}
    if orders and sorted(b for b, _ in orders.values()) == sorted(
        str(a) for _, a in orders.values()
    ):
        return (
            f"its groups are in another order ({_few(orders)}): torch loads groups by their "
            "number, so each got the rate and the state of another"
        )
    if orders:
        return f"its groups hold other parameters ({_few(orders)})"
    state = {p: c for p, c in changes.items() if p.startswith("state[")}
    gone = sorted({p.rpartition("].")[2] for p, (_, after) in state.items() if after is None})
    settings = {p: c for p, c in changes.items() if p not in state}
    said = []
    if left or gone:
        what = f", so {listed(gone)} of every parameter begin anew" if gone else ""
        said.append(f"its state was not restored{what}")
    elif state:
        said.append(f"the state of its parameters is not the one saved ({_few(state)})")
    if settings:
        why = ""
        if not left and not gone:
            why = ": something set them after its state was loaded"
            if scheduler_replaced:
                why = ": a scheduler built after its state was loaded set them"
        said.append(f"its groups have other settings ({_few(settings)}){why}")
    return "; ".join(said)


def _module(changes: Changes, left: bool, size: int) -> str:
    modes = [path for path in changes if path.rpartition(".")[2] == "training"]
    tensors = {path: change for path, change in changes.items() if path not in modes}
    said = []
    if tensors:
        lead = "its weights were not restored" if left else "its weights are not those saved"
        count = f"{len(tensors)} tensor{'s' * (len(tensors) > 1)}"
        said.append(f"{lead} ({count}: {listed([*tensors][:3], len(tensors))})")
    if modes:
        was = "training" if changes[modes[0]][0] else "evaluation"
        said.append(f"it was in {was} mode when it was saved, and is not after the restore")
    return "; ".join(said)


def _few(changes: Changes, most: int = 3) -> str:
    """Return the changes that say most, as `last_epoch 0, not 50`."""
    rank = {"last_epoch": 0, "lr": 1, "scale": 1, "best": 1, "num_bad_epochs": 2, "momentum": 2}
    order = sorted(changes, key=lambda path: rank.get(path.rpartition(".")[2], 3))
    shown = [
        f"{path} {in_words(changes[path][1])}, not {in_words(changes[path][0])}" for path in order
    ]
    more = len(shown) - most
    return "; ".join(shown[:most]) + (f"; {more} more" if more > 0 else "")


def unexplained(built: Mapping[str, Any], step: int) -> str:
    """Return a sentence on what differs from a step on although every state is the one saved."""
    stateless = [name for name, part in built.items() if not is_saveable(part)]
    place = f"the place in the data ({', '.join(stateless)}: no state_dict, so it starts anew), or "
    return (
        f"outside of all states: from step {step} on something differs that no state_dict holds: "
        f"{place if stateless else ''}something that train, or a function of a schedule, keeps to "
        "itself"
    )
