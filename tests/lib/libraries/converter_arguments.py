"""Arguments to build every converter of course_lib.libraries with."""

from course_lib.libraries.registry import signature

# What each library needs besides its defaults, to build every converter once.
NEEDED = {
    "base_lr": 0.1,
    "init_value": 0.2,
    "end_value": 0.01,
    "peak_value": 0.3,
    "value": 0.1,
    "power": 2.0,
    "transition_steps": 50,
    "decay_rate": 0.5,
    "decay_steps": 70,
    "warmup_steps": 20,
    "interpolate_type": "cosine",
    "cosine_kwargs": [
        {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 2, "decay_steps": 9},
        {"init_value": 0.0, "peak_value": 0.2, "warmup_steps": 0, "decay_steps": 8},
    ],
    "schedules": [("optax.constant_schedule", {"value": 0.1})],
    "boundaries": [],
    "initial_learning_rate": 0.1,
    "first_decay_steps": 15,
    "values": [0.1, 0.01],
    "num_warmup_steps": 10,
    "num_training_steps": 60,
    "num_decay_steps": 10,
    "t_initial": 50,
    "decay_t": 10,
    "step_size": 7,
    "gamma": 0.9,
    "milestones": [5, 9],
    "lr_lambda": 0.5,
    "T_max": 30,
    "T_0": 12,
    "max_lr": 0.1,
    "total_steps": 40,
    "swa_lr": 0.01,
    "schedulers": [("torch.StepLR", {"step_size": 4})],
    "max_duration": "100ba",
    "t_0": 8,
    "t_warmup": "10ba",
    "decay_period": "5ba",
    "n_batches": 100,
    "lr_max": 0.1,
    "lr": 0.1,
    "n_cycles": 2,
    "cycle_len": 1,
    "batches_per_epoch": 20,
    "start": 0.1,
    "end": 0.01,
    "start_value": 0.1,
    "cycle_size": 20,
    "milestones_values": [(0, 0.0), (5, 0.1)],
    "lr_scheduler": ("torch.StepLR", {"base_lr": 0.1, "step_size": 5}),
    "warmup_start_value": 0.0,
    "warmup_end_value": 0.1,
    "warmup_duration": 5,
    "init_lr": 0.0,
    "min_lr": 0.001,
    "lr_warmup_steps": 10,
    "lr_decay_steps": 60,
    "lr_decay_style": "cosine",
    "training_steps": 60,
    "total_num_steps": 60,
    "cycle_min_lr": 0.001,
    "cycle_max_lr": 0.1,
    "periods": [20],
    "step_rules": "1:10,0.1:20,0.005",
    "name": "linear",
    "warmup_length": 10,
    "steps": 60,
    "cooldown_steps": 20,
    "multiplier": ("fvcore.PolynomialDecayParamScheduler", {"base_value": 0.1, "power": 1.0}),
    "max_iter": 60,
    "max_iters": 60,
    "base_value": 0.1,
    "decay": 0.1,
    "num_updates": 60,
    "num_decays": 2,
    "lengths": [1.0],
    "interval_scaling": ["rescaled"],
    "param_scheduler": [{"type": "LinearLR", "by_epoch": False, "end": 9}],
    "learning_rate": 0.1,
    "base_learning_rate": 0.001,
    "max_learning_rate": 0.1,
    "step_size_up": 8,
    "start_lr": 0.0,
    "end_lr": 0.1,
    "d_model": 64,
    "step_each_epoch": 5,
    "epochs": 12,
    "warmup": 7,
    "warmup_step": 7,
    "decay_step": 30,
    "end_learning_rate": 0.001,
    "total_step": 60,
    "step_per_epoch": 5,
    "decay_epoch": 4,
    "warmup_epoch": 3,
    "milestone": [10, 20],
    "learning_rates": [0.1, 0.01],
    "init": 0.1,
}
SPECIAL = {
    "diffusers.get_scheduler": {"num_warmup_steps": 10, "num_training_steps": 60},
    "deepspeed.WarmupLR": {"base_lr": 0.1},
    "fvcore.CompositeParamScheduler": {
        "schedulers": [("fvcore.ConstantParamScheduler", {"value": 0.1})],
    },
    "fvcore.MultiStepParamScheduler": {"milestones": [20, 40]},
    "mmengine.CosineRestartLR": {"eta_min": 0.001},
    "mmengine.OneCycleLR": {"eta_max": 0.1},
    "transformers.TrainingArguments": {"max_steps": 60},
    "torch.SequentialLR": {"milestones": []},
    "timm.MultiStepLRScheduler": {"decay_t": [10, 20]},
    "keras.PiecewiseConstantDecay": {"boundaries": [10]},
    "paddlenlp.get_scheduler": {"num_warmup_steps": 10, "num_training_steps": 60},
    "mindspore.experimental.SequentialLR": {
        "schedulers": [("mindspore.experimental.StepLR", {"step_size": 4})],
        "milestones": [],
    },
    "mlx.join_schedules": {"schedules": [("mlx.cosine_decay", {"init": 0.1, "decay_steps": 9})]},
    "paddle.PiecewiseDecay": {"boundaries": [10]},
    "paddle.piecewise_decay": {"boundaries": [10]},
}


def needed(name):
    parameters = signature(name).parameters
    required = [p.name for p in parameters.values() if p.default is p.empty]
    arguments = {key: NEEDED[key] for key in required}
    if "max_duration" in signature(name).parameters:
        arguments["max_duration"] = "100ba"
    if name.startswith("transformers.get_cosine_with_min"):
        arguments["min_lr"] = 0.001
    if name == "transformers.get_wsd_schedule":
        arguments["num_training_steps"] = 60
    if name.startswith("mmengine.") and "end" in parameters:
        arguments |= {"by_epoch": False, "end": 60}
    if name == "torch.OneCycleLR":
        arguments["total_steps"] = 40
    return {**arguments, **SPECIAL.get(name, {})}
