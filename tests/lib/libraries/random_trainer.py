"""Random TrainingArguments of the release of transformers that is installed, and its Trainer."""

from __future__ import annotations

import tempfile

from tests.lib.libraries.random_torch import UPDATES, rate, share, short

_CYCLES = (0.5, 1, 2, 0.25, 1.5, 7)


def _release():
    import transformers

    return int(transformers.__version__.split(".")[0])


def _floor(random):
    if random.random() < 0.5:
        return {"min_lr": rate(random, 0.0)}
    return {"min_lr_rate": share(random)}


KINDS = {
    "linear": lambda r: {},
    "cosine": lambda r: {"num_cycles": r.choice(_CYCLES)},
    "cosine_with_restarts": lambda r: {"num_cycles": r.choice([1, 2, 3, 7])},
    "polynomial": lambda r: {"power": r.choice([1.0, 2.0, 0.5]), "lr_end": r.choice([0.0, 1e-7])},
    "constant": lambda r: {"num_cycles": 1},
    "constant_with_warmup": lambda r: {"timescale": 3},
    "inverse_sqrt": lambda r: {"timescale": short(r, 1)},
    "cosine_with_min_lr": lambda r: {"num_cycles": r.choice(_CYCLES), **_floor(r)},
    "cosine_warmup_with_min_lr": lambda r: {
        **_floor(r),
        "warmup_lr_rate": r.choice([None, share(r)]),
    },
    "warmup_stable_decay": lambda r: {
        "num_decay_steps": short(r),
        "decay_type": r.choice(["linear", "cosine", "1-sqrt"]),
        "min_lr_ratio": share(r, 0.0),
    },
}
NEEDS = ("cosine_with_min_lr", "cosine_warmup_with_min_lr", "warmup_stable_decay")


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    arguments = {"learning_rate": rate(random), "lr_scheduler_type": kind}
    if kind in NEEDS or random.random() < 0.7:
        arguments["lr_scheduler_kwargs"] = KINDS[kind](random)
    if random.random() < 0.5:
        arguments["max_steps"] = short(random, 1)
    else:
        arguments["num_train_epochs"] = random.choice([1, 3.0, 2.5, 0.3, 1 / 3])
        arguments["batches_per_epoch"] = short(random, 1)
        arguments["gradient_accumulation_steps"] = random.choice([1, 1, 2, 3, 8])
    if _release() == 5:
        arguments["warmup_steps"] = random.choice([0, 0.1, 0.5, 0.99, 1.0, 2.5, short(random)])
        return "transformers.TrainingArguments", arguments, random.choice(UPDATES)
    arguments["warmup_steps"] = random.choice([0, 0, short(random)])
    if random.random() < 0.6:
        arguments["warmup_ratio"] = random.choice([0.0, 0.03, 0.1, 0.5, 1.0, share(random)])
    return "transformers.TrainingArguments", {**arguments, "release": 4}, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rates of the scheduler that a Trainer makes for the length that it counts."""
    from records.drivers.trainer_loop import make_trainer

    given = {key: value for key, value in arguments.items() if key != "release"}
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(given, folder)
        counted = [trainer.args, trainer.get_train_dataloader()]
        if _release() == 4:
            counted.append(1)  # examples in an update, which count only for the log
        *_, total = trainer.set_initial_training_values(*counted)
        trainer.create_optimizer()
        scheduler = trainer.create_scheduler(total)
    [base, *_], [factor, *_] = scheduler.base_lrs, scheduler.lr_lambdas
    return [base * factor(t) for t in range(updates)]


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
