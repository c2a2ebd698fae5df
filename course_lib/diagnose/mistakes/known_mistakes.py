"""The mistakes that a log may show beside its plan, each with somebody who made it in public."""

from __future__ import annotations

#: Code of an explanation -> (one-line description, where somebody had it). Of two mistakes at once
#: the code is two of these, joined by " + ".
KNOWN_MISTAKES: dict[str, tuple[str, str]] = {
    "never-stepped": (
        "the scheduler was never stepped, so the first rate was kept",
        "coqui-ai-Trainer issue 23: under mixed precision the optimizer was never marked as "
        "stepped, and the rate stayed constant for the whole run",
    ),
    "ahead": (
        "the scheduler is some steps ahead of the updates, often by the one before the first",
        "segmentation_of_roots_in_soil_with_unet pull request 4: the scheduler was stepped before "
        "the optimizer, an off-by-one",
    ),
    "behind": (
        "the scheduler is some steps behind the updates from the first row on",
        "transformers pull request 10362: with DeepSpeed's loss scale the scheduler may not be "
        "stepped for the first few dozen updates",
    ),
    "skipped-updates": (
        "the scheduler's lag grows at some updates in mid-run",
        "transformers pull request 11144: where the loss scale skips an update, the scheduler is "
        "not stepped either",
    ),
    "steps-per-update": (
        "the scheduler was stepped several times for each planned step",
        "accelerate issue 2926: a prepared scheduler is stepped once for each of 4 processes",
    ),
    "updates-per-step": (
        "the scheduler was stepped once for every few planned steps",
        "vissl issue 219: the rate changed only once in many updates, although "
        "update_interval=step was set",
    ),
    "stepped-every-update": (
        "the scheduler was stepped after every update, although the plan counts epochs",
        "DALLE-pytorch issue 278: stepped in the loop over batches, the rate was 0 within the "
        "first epoch",
    ),
    "stepped-every-epoch": (
        "the scheduler was stepped once an epoch, although the plan counts updates",
        "pytorch-lightning issue 5631: a scheduler meant for every batch was stepped once an epoch",
    ),
    "climbed-again": (
        "the run went past the plan's end, and a cosine rose again",
        "villa pull request 1495: a cosine of 1000 steps in a run of 250 times as many, back near "
        "its peak at step 2000",
    ),
    "held-at-the-end": (
        "the run went past the plan's end, and the last rate was held",
        "composer issue 1384: a run restarted after its schedule had ended stays at rate 0",
    ),
    "started-anew": (
        "after a resume the curve started anew",
        "openfold issue 181: after a restart the rate always goes back to the warmup",
    ),
    "state-lost": (
        "after a resume the curve started anew from the rate that the optimizer had",
        "nanotron pull request 256: the scheduler built after the optimizer's state was loaded "
        "takes the current rate for the initial one",
    ),
    "optimizer-state-lost": (
        "after a resume all rates are a multiple of the planned ones",
        "distiller issue 145: the checkpoint's optimizer was not loaded, and its rate was reset",
    ),
    "resumed-from-the-last-part": (
        "SequentialLR(last_epoch=…) began its parts anew",
        "pytorch issue 162591: SequentialLR resumed with last_epoch=N has another rate",
    ),
    "resumed-with-another-length": (
        "a resumed run, or the part before it, had another length",
        "open_clip issue 413: with more epochs after the resume, the rate does not go on from "
        "where it was",
    ),
    "counter-jumped": (
        "from some step on the scheduler is some steps ahead or behind",
        "pytorch-lightning issue 1772: the checkpoint holds the scheduler's state of one epoch "
        "before",
    ),
    "stopped-stepping": (
        "from some step on the rate was held",
        "pytorch-gradual-warmup-lr issue 27: the loaded scheduler changes the rate of an optimizer "
        "that is not the one in use",
    ),
    "plateau-fired": (
        "another rule multiplied the rate in mid-run",
        "pytorch issue 13022: StepLR and ReduceLROnPlateau on one optimizer",
    ),
    "wrong-unit": (
        "a length is a multiple of the planned one, or a part of it",
        "diffusers issue 3954: the total of the schedule was not multiplied by the processes",
    ),
    "decay-and-warmup": (
        "the warmup came on top of the planned length, or was taken off",
        "pytorch-image-models issue 1242: t_initial counts the decay alone or the warmup as well, "
        "as warmup_prefix says",
    ),
    "other-length": (
        "the run had another length than planned",
        "jaxili issue 16: a schedule of the longest possible run never comes to its end",
    ),
    "warmup-missing": (
        "there was no warmup",
        "pytorch-gradual-warmup-lr issue 19: beside ReduceLROnPlateau the warmup failed",
    ),
    "other-warmup": (
        "the warmup had another length",
        "accelerate issue 662: num_warmup_steps of a run on several processes",
    ),
    "milestone-off": (
        "a drop came a step late or early, or somewhere else",
        "pytorch-image-models pull request 2745: MultiStepLRScheduler drops one epoch before each "
        "milestone",
    ),
    "scaled": (
        "all rates, or the base rate, are a multiple of the planned ones",
        "mmdetection issue 3240: --autoscale-lr, which multiplied the rate by the processes, was "
        "removed because it is easily misused",
    ),
    "floor-missing": (
        "the floor was not applied",
        "verl issue 1376: min_lr_ratio has no effect",
    ),
    "floor-unit": (
        "a floor that is a rate was taken as a share of the peak, or reverse",
        "none found",
    ),
    "other-floor": (
        "the floor was another one",
        "dino pull request 64: the rate is scaled with the batch size and min_lr is not",
    ),
    "gamma-twice": (
        "the factor of each drop was applied twice",
        "pytorch issue 20486: get_lr() of MultiStepLR in torch 1.1 has gamma**2 at a milestone",
    ),
    "gamma-missing": (
        "the factor of each drop was not applied",
        "Pointcept issue 379: milestones that are not whole numbers are never met, so the rate "
        "never drops",
    ),
    "other-gamma": (
        "the factor of each drop was another one",
        "coreference-resolution issue 22: StepLR's gamma is far from the paper's 0.999",
    ),
    "other-patience": (
        "a plateau rule waited for another number of bad metrics",
        "pytorch issue 119763: ReduceLROnPlateau cuts one epoch later than patience was read",
    ),
    "other-metric": (
        "a plateau rule followed another metric",
        "darts pull request 711: the rule is given the training loss, never the held-out one",
    ),
    "other-group": (
        "a parameter group has the planned curve of another one",
        "pytorch-lightning issue 4983: the rates of two parameter groups came out the same",
    ),
}
