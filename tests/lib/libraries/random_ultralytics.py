"""Random runs of Ultralytics' trainer, and the trainer itself."""

from __future__ import annotations


def draw(random):
    """Return a name, its arguments and a number of updates."""
    given = {
        "batches_per_epoch": random.choice([1, 2, 3, 5, 7, 11, 20, 33]),
        "epochs": random.choice([1, 2, 3, 5, 9, 14]),
        "batch": random.choice([1, 2, 3, 8, 16, 24, 48, 64, 100]),
        "optimizer": random.choice(
            ["auto", "SGD", "AdamW", "MuSGD", "sgd", "RMSProp", "Adam", "NAdam"]
        ),
        "lrf": random.choice([0.0, 0.01, 0.1, 1.0]),
        "cos_lr": random.random() < 0.5,
        "warmup_epochs": random.choice([0.0, 3.0, 3, 0.5, 0.1, 1.3, 7.7, 20, 0.01]),
        "nbs": random.choice([64, 64, 16, 100, 200]),
        "group": random.choice(["weight", "bias", "bn"]),
    }
    if given["optimizer"] == "auto":
        given["nc"] = random.choice([1, 3, 10, 80])
        if random.random() < 0.5:
            most = given["batches_per_epoch"] * given["batch"]
            given["images"] = random.randint(most - given["batch"] + 1, most)
    else:
        given["lr0"] = random.choice([0.01, 0.001, random.uniform(1e-4, 1)])
        given["warmup_bias_lr"] = random.choice([0.1, 0.0, random.uniform(0, 1)])
    if given["optimizer"] == "MuSGD":
        given["boosted"] = random.random() < 0.5
        given["group"] = random.choice([given["group"], "muon"])
    return "ultralytics.BaseTrainer", given, 90


def real(name, arguments, updates):
    """Return the rates of the optimizer's steps."""
    from records.drivers.of_ultralytics import rates

    return rates("BaseTrainer", dict(arguments), updates)


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
