"""Runs a reader's own loop with and without a stop, and says what the stop lost."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from course_lib.diagnose.resuming.resume_causes import HIDDEN, lost_states, unexplained
from course_lib.diagnose.resuming.resume_curves import how_rates_depart
from course_lib.diagnose.resuming.resume_parts import (
    RNG,
    Parts,
    State,
    differing,
    inventory,
    is_saveable,
    load_into,
    named,
    random_states,
    seed_everything,
    set_random_states,
    state_of,
)
from course_lib.diagnose.resuming.resume_result import FirstDifference, ResumeCheck, in_words
from course_lib.diagnose.resuming.resume_runs import (
    History,
    Saved,
    Train,
    check_new,
    default_checkpoint,
    error_in_words,
    first_departure,
    gradients_of,
    randomness_kept,
    read_checkpoint,
    run_updates,
    set_gradients,
    straight_updates,
)
from course_lib.validation import check_count, check_real

Make = Callable[[], Parts]
Save = Callable[[Any], Any]
Restore = Sequence[str] | Callable[[Any, Any], Any] | None


def check_resume(
    make: Make,
    train: Train,
    *,
    at: int,
    updates: int | None = None,
    restore: Restore = None,
    save: Save | None = None,
    weights_only: bool = True,
    tolerance: float = 0.0,
    seed: int = 0,
) -> ResumeCheck:
    """Stop and resume the reader's own loop, and say what the resumed run has lost.

    The loop runs three times: without a stop; again, saving after `at` updates, which shows that
    it repeats itself and that saving changes nothing; and resumed, where `make` is called as in a
    new process (with other random numbers), the checkpoint is read from a file, and the updates
    go on. Rates, momentum, losses and parameters are compared update by update, then the states
    of all parts. Where they differ, up to five more runs find what state does not explain.
    Copies of the parts' states are held in memory, about four at a time.

    Afterwards the global generators of torch, NumPy and Python are as they were. What else `make`
    and `train` change outside of their parts is theirs.

    Args:
        make: function that builds a run anew: a dict, tuple or list with the model, the optimizer,
            the scheduler and all else that has a state: a GradScaler, averaged weights, a sampler,
            a `torch.Generator`, a dict of counters; and what has none, such as a data iterator.
            Parts of a tuple are named "model", "optimizer", "scheduler", "scaler", "generator" or
            after their class, a second one "model 2".
        train: function `train(parts, t)` that carries out update t, counted from 0, scheduler step
            included, and returns the loss or None.
        at: updates done when the run is saved, >= 1.
        updates: updates of the whole run, > at; None: at + 10.
        restore: steps of the new process. None loads the state of every part
            that has one, in the order of `make`. A sequence of names loads these, in its order;
            "rng" stands for the global generators. Or your own function `restore(parts,
            checkpoint)`, which may return other parts.
        save: your own function `save(parts)` that returns the checkpoint; None: {name: state} of
            every part that has one, and "rng".
        weights_only: the file is read by `torch.load(..., weights_only=True)`, as by default.
        tolerance: largest relative difference that counts as none, >= 0.
        seed: seed of the global generators before `make` is called for the first time, >= 0.

    Returns:
        A `ResumeCheck`. An error in restoring, or in an update of the resumed run, is part of it.

    Raises:
        ValueError: an argument out of its range; `make` that returns the same objects twice; a
            loop that does not repeat itself, which cannot be checked, or that fails after its first
            update without a stop; `save` that changes the run.
        TypeError: an argument of the wrong type; a result of `make` or `train` of the wrong type.

    >>> import torch
    >>> from torch.optim.lr_scheduler import LambdaLR
    >>> def make():
    ...     model = torch.nn.Linear(2, 1)
    ...     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ...     return model, optimizer, LambdaLR(optimizer, lambda t: 1 - t / 20)
    >>> def train(parts, t):
    ...     model, optimizer, scheduler = parts
    ...     loss = model(torch.ones(4, 2)).square().mean()
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    ...     scheduler.step()
    ...     return loss
    >>> assert check_resume(make, train, at=5)
    >>> forgets = check_resume(make, train, at=5, restore=("model", "optimizer"))
    >>> print(forgets.rate_change)
    Only step 5 has the right rate, which the optimizer's state held; then the curve begins anew.
    """
    at = check_count("at", at)
    updates = at + 10 if updates is None else check_count("updates", updates)
    if at >= updates:
        raise ValueError(f"at must be < updates={updates}, got {at}")
    check_real("tolerance", tolerance)
    check_count("seed", seed, low=0)
    for name, function in (("make", make), ("train", train), ("save", save or default_checkpoint)):
        if not callable(function):
            raise TypeError(f"{name} must be callable, got {function!r}")
    with randomness_kept(), TemporaryDirectory() as folder:
        file = os.path.join(folder, "checkpoint.pt")
        check = _Check(make, train, at, updates, restore, save, weights_only, tolerance, seed, file)
        return check.result()


class _Check:
    """One check: the runs, in the order in which they are made."""

    def __init__(
        self,
        make: Make,
        train: Train,
        at: int,
        updates: int,
        restore: Restore,
        save: Save | None,
        weights_only: bool,
        tolerance: float,
        seed: int,
        file: str,
    ) -> None:
        self.make, self.train, self.at, self.updates = make, train, at, updates
        self.restore, self.save = restore, save or default_checkpoint
        self.weights_only, self.tolerance, self.seed = weights_only, tolerance, seed
        self.file = file
        self.not_written: Exception | None = None
        self.notes: list[str] = []

    def result(self) -> ResumeCheck:
        """Make the runs and compare them."""
        first, self.early, self.straight, self.saved = self.whole_run(None)
        second, early, again, _ = self.whole_run(self.save)
        check_new(first, second)
        self.check_repeats(early, again)
        try:
            if self.not_written is not None:
                raise self.not_written
            _, complaint = read_checkpoint(self.file, self.weights_only)
        except Exception as error:  # whatever pickling or the parts' own code raises
            name = "torch.save" if error is self.not_written else "torch.load"
            words = f"the checkpoint: {name} fails with {error_in_words(error)}"
            return self.report(
                None, FirstDifference(self.at, "checkpoint", "saved", "lost"), [words]
            )
        lost = [complaint] if complaint else []
        resumed, states = self.resumed_run(())
        lost += states
        difference = self.difference(resumed)
        if resumed.error is not None:
            done = len(resumed.rates)
            where = f"update {self.at + done}" if self.started else "restoring"
            lost.insert(0, f"{where} fails with {error_in_words(resumed.error)}")
            difference = difference or FirstDifference(
                self.at + done, "error", "none", resumed.error
            )
        elif difference is not None:
            lost += self.hidden(bool(states))
        elif states:
            self.notes += [f"{words}; it changes nothing up to here" for words in states]
            lost = [complaint] if complaint else []
        return self.report(resumed, difference, lost)

    def whole_run(self, save: Save | None) -> tuple[dict[str, Any], History, History, Saved]:
        """Run without a stop; `save`, if any, is called after `at` updates."""
        seed_everything(self.seed)
        parts = self.make()
        names = named(parts)
        self.check_restore(names)
        early = straight_updates(parts, self.train, 0, self.at, self.updates)
        saved = Saved(
            inventory(names),
            {name: state_of(part) for name, part in names.items() if is_saveable(part)},
            random_states(),
            gradients_of(parts),
        )
        if save is not None:
            self.write(save(parts))
        last = straight_updates(parts, self.train, self.at, self.updates, self.updates)
        return names, early, last, saved

    def write(self, checkpoint: Any) -> None:
        """Write the checkpoint at once: later its tensors may be those of a later update."""
        try:
            torch.save(checkpoint, self.file)
        except Exception as error:  # whatever pickling or the parts' own code raises
            self.not_written = error

    def check_restore(self, names: Mapping[str, Any]) -> None:
        """Check the words of `restore` against the parts."""
        if callable(self.restore):
            return
        if isinstance(self.restore, str):
            raise TypeError(f"restore must be a tuple of names or a function, got {self.restore!r}")
        can = [name for name, part in names.items() if is_saveable(part)]
        for word in self.restore or ():
            if word not in (*can, RNG):
                why = f" ({word!r} has no state_dict)" if word in names else ""
                raise ValueError(
                    f"restore must hold names of {[*can, RNG]} alone, got {word!r}{why}"
                )

    def check_repeats(self, early: History, again: History) -> None:
        """Check that the loop does the same twice: otherwise nothing can be said of a resume."""
        before = first_departure(self.early, early, self.tolerance)
        found = before or first_departure(self.straight, again, self.tolerance)
        if found is None:
            return
        if before is None:
            _, _, third, _ = self.whole_run(None)
            if first_departure(self.straight, third, self.tolerance) is None:
                raise ValueError(
                    f"save must not change the run, but with and without it the {_differ(found)}: "
                    "does it leave the model in evaluation mode, draw random numbers or swap "
                    "weights?"
                )
        raise ValueError(
            "train must do the same at every run, or a resume cannot be checked, but in two runs "
            f"without a stop the {_differ(found)}: build all that changes (data iterators, "
            "generators) in make, seed it there, use torch.use_deterministic_algorithms(True), or "
            "give a tolerance"
        )

    def resumed_run(self, repairs: Sequence[str]) -> tuple[History, list[str]]:
        """Run as a new process does, with some things repaired, and say which states differ."""
        seed_everything(self.seed if "seed" in repairs else self.seed + 1)
        self.started = False
        history = History(self.at)
        parts = self.make()
        self.built = built = dict(named(parts))
        fresh = inventory(built)
        sentences: list[str] = []
        try:
            parts = self.restored(parts)
            names = named(parts)
            there = inventory(names)
            sentences = lost_states(
                self.saved.inventory, fresh, there, built, names, self.tolerance
            )
            self.repair(parts, names, repairs)
            self.repaired = not self.changes(inventory(names))
            self.started = True
            run_updates(parts, self.train, self.at, self.updates, history)
        except Exception as error:  # the reader's code, whose failure is the result
            history.error = error
        return history, sentences

    def restored(self, parts: Parts) -> Parts:
        """Return the parts after the restore."""
        checkpoint, _ = read_checkpoint(self.file, self.weights_only)
        if callable(self.restore):
            other = self.restore(parts, checkpoint)
            return parts if other is None else other
        names = named(parts)
        order = self.restore
        if order is None:
            order = [name for name, part in names.items() if is_saveable(part)]
        for name in order:
            if name not in checkpoint:
                raise KeyError(f"the checkpoint holds no {name!r}")
            if name == RNG:
                set_random_states(checkpoint[RNG])
            else:
                load_into(names[name], checkpoint[name])
        return parts

    def repair(self, parts: Parts, names: Mapping[str, Any], repairs: Sequence[str]) -> None:
        """Put right what the restore left, to see whether the run is the same with it."""
        if "states" in repairs:
            for name, state in self.saved.states.items():
                load_into(names[name], copy.deepcopy(state))  # optimizers keep what they load
        if "gradients" in repairs:
            set_gradients(parts, self.saved.gradients)
        if RNG in repairs:
            set_random_states(self.saved.random)

    def changes(self, there: Mapping[str, State]) -> list[str]:
        """Return the parts whose states are not those saved."""
        saved = self.saved.inventory
        return [
            name for name in saved if differing(saved[name], there.get(name, {}), self.tolerance)
        ]

    def hidden(self, states_differ: bool) -> list[str]:
        """Return what was lost beside the states of the parts, found by putting it right."""
        every = [*(["states"] if states_differ else []), *HIDDEN]
        if states_differ and self.reach(["states"]) == math.inf:
            return []
        best = self.reach(every)
        if not self.repaired:
            self.notes.append(
                "whether anything else was lost cannot be told: the parts differ even with their "
                "states loaded"
            )
            return []
        drawn = ", ".join(self.straight.drawn)
        lost = [
            f"{name}: {words.format(drawn=drawn)}"
            for name, words in HIDDEN.items()
            if self.reach([repair for repair in every if repair != name]) < best
        ]
        return lost if best == math.inf else [*lost, unexplained(self.built, int(best))]

    def reach(self, repairs: Sequence[str]) -> float:
        """Return the step up to which a repaired run is the one without a stop."""
        history, _ = self.resumed_run(repairs)
        found = self.difference(history)
        if history.error is not None and found is None:
            return self.at + len(history.rates)
        return math.inf if found is None else found.update

    def difference(self, resumed: History) -> FirstDifference | None:
        """Return the first difference in the updates, or else in the states at the end."""
        found = first_departure(self.straight, resumed, self.tolerance)
        if found is not None:
            return FirstDifference(*found)
        if resumed.error is not None:
            return None
        for name, state in self.straight.end.items():
            changes = differing(state, resumed.end.get(name, {}), self.tolerance)
            for path, (was, now) in changes.items():
                return FirstDifference(self.updates, f"{name}, {path}:", was, now)
        return None

    def report(
        self, resumed: History | None, difference: FirstDifference | None, lost: Sequence[str]
    ) -> ResumeCheck:
        """Put everything into the result."""
        tables = {}
        for name in ("rates", "momentum", "losses"):
            early, rest = getattr(self.early, name), getattr(self.straight, name)
            straight = np.array([*early, *rest])
            table = np.full_like(straight, np.nan)
            table[: self.at] = early
            rows = np.array(getattr(resumed, name, []))
            if rows.size and rows.shape[1] == table.shape[1]:
                table[self.at : self.at + len(rows)] = rows
            flat = name == "losses"
            tables[f"{name}_straight"] = straight[:, 0] if flat else straight
            tables[f"{name}_resumed"] = table[:, 0] if flat else table
        rates = np.array(resumed.rates) if resumed and resumed.rates else np.empty((0, 0))
        return ResumeCheck(
            ok=difference is None and not lost,
            first_difference=difference,
            lost=tuple(lost),
            rate_change=how_rates_depart(tables["rates_straight"], rates, self.at),
            notes=tuple(self.notes),
            at=self.at,
            **tables,
        )


def _differ(found: tuple[int, str, Any, Any]) -> str:
    step, quantity, here, there = found
    if quantity == "parameters":
        return f"parameters differ after step {step}"
    return f"{quantity} of step {step} are {in_words(here)} and {in_words(there)}"
