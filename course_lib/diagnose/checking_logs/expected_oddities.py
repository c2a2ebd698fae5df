"""Sentences of people about odd logs, and the codes of our rules that say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from course_lib.diagnose.identification import Oddity

# pattern -> codes; the first pattern that fits a sentence decides, so the narrow ones stand first.
# A code is here only if its message tells the reader the same fact.
_PATTERNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"snapshot|global_step \d+ of", ("stopped-early",)),
    # The counter and the file.
    (r"appear(s)? twice|duplicat|overlap", ("repeated-rows", "several-runs")),
    (r"two counters|logging call counter|_step is|call counter", ("two-counters",)),
    (
        r"runs? appended|runs in one|complete runs|restarts at \S+ (twice|again|three)"
        r"|three times|several runs|aborted starts|two starts",
        ("several-runs",),
    ),
    (r"phase \d|stage \d|second (file|part)|its own file", ("later-phase", "begins-in-mid-run")),
    (
        r"(file|rows?|log)?\s*(begins?|starts?) (at|in|from|where|mid)\b.*"
        r"(branch|epoch \d|\d{3,}|warmup ends|mid|resum)|cut away|begins at|earlier rows missing"
        r"|mid-run",
        ("begins-in-mid-run", "late-first-rate", "floor-from-the-start"),
    ),
    (r"\bgaps?\b|rows? missing|missing rows", ("gap", "rows-without-rate", "begins-in-mid-run")),
    (r"no epoch (column|number)|no step column|no counter|row index", ("no-counter",)),
    (r"one (train )?row per epoch|one row an epoch", ("one-row-an-epoch",)),
    (r"iter (restarts|begins|starts)|counter (restarts|reset)", ("counter-rebuilt",)),
    (
        r"environment (time)?steps?|timesteps, not updates|unit is",
        ("environment-steps",),
    ),
    (r"lag changes|repeat(s)? the last lr", ("lag-changes",)),
    (r"previous rollout|one rollout", ("rollout-lag",)),
    (
        r"lr only on|only on (val|eval)|eval rows|cell(s)? empty|null|without lr|no lr|empty",
        ("rows-without-rate", "late-first-rate"),
    ),
    (r"sampled every|visible in one point|staircase", ("warmup-in-few-rows",)),
    # The numbers.
    (
        r"absurd|\btypo\b|integer \d|is the integer|way too (high|large)|too large",
        ("absurd-rate",),
    ),
    (r"\bnan\b|\binf\b|not finite", ("not-finite", "rows-without-rate")),
    (r"negative", ("negative",)),
    (r"written as (lr )?0|rounded to \d+ decimals|reads? 0\.0", ("rounded-to-zero", "few-digits")),
    (r"printed digits|digits limit|significant digits|\d digits|rounded", ("few-digits",)),
    (r"float ?(16|32|64)|bfloat|float noise|\bnoise\b|mean over the epoch", ("float-noise",)),
    (
        r"bias(es)? group|bias .*fall|groups? (differ|with)|other curve|\bratio of groups|frozen"
        r"|layer.?(wise )?decay|(two|three|several|\d+) (parameter )?groups",
        ("groups-differ",),
    ),
    # Settings.
    (
        r"optimizer[= ]auto|lr0 in args is ignored|lr0 ignored|although lr0 differs|lr0 differs",
        ("optimizer-auto",),
    ),
    (
        r"scaled by|batch scaling|real peak|hparam .*peak|configured .*(peak|lr)|peak .*config",
        ("peak-differs",),
    ),
    (
        r"past the end|already finished|at the floor|restored scheduler keeps",
        ("floor-from-the-start", "long-floor", "past-the-end"),
    ),
    (
        r"(schedule|total|end|t_max) .*longer than the run|\d+x longer|polylr end \d+"
        r"|max_iters \d+, ",
        ("schedule-longer",),
    ),
    (
        r"scheduler (steps )?by epoch|run (is|of) a? ?(single|one) epoch|never acts"
        r"|over epochs would look",
        ("constant-one-epoch",),
    ),
    (
        r"plateau.* (callback|never)|callback is on|never fired|column exists because",
        ("constant-with-scheduler", "constant"),
    ),
    # Resumes and skips.
    (
        r"scheduler step(\(s\)|s)? missing|overflow|skipped|skips|lags? by row|lag grows",
        ("skipped-updates",),
    ),
    (r"no seam", ("resumed-without-seam",)),
    (r"undone|restored a higher", ("drop-undone", "resumed-jump")),
    (
        r"resume|resumed|jumps? |restart(ed)? longer|opens at|drops \d+% in one step"
        r"|horizon changed",
        ("resumed-jump", "drop-undone", "resumed", "repeated-rows"),
    ),
    (r"logged (after|before)|after the scheduler step", ("logged-ahead",)),
    # Warmup and peak.
    (r"quadratic|parabola|squared", ("warmup-quadratic",)),
    (
        r"shorter than the warmup|decay never starts|of a \d+-iteration warmup|in (the )?warmup \("
        r"|never leaves (the )?warmup|all \d+ rows (are )?in (the )?warmup",
        ("run-shorter-than-warmup", "warmup-long"),
    ),
    (
        r"warmup (covers|fills|takes)|whole run is warmup|warmup is max|covers \d+ ?% of the run",
        ("warmup-long", "run-shorter-than-warmup"),
    ),
    (r"decay (shape )?not (visible|seen)|every row is in warmup", ("decay-not-seen",)),
    (
        r"drops .*not reached|before any (milestone|drop)|no drop|rising part|decay not",
        ("decay-not-seen", "constant"),
    ),
    (r"warmup length not identifiable|warmup .*not identifiable", ("warmup-not-told",)),
    (r"cosine from|warmup is a cosine|cosine warmup|not a line", ("warmup-cosine",)),
    (r"warmup starts at|first value|starts at \d+ ?%", ("warmup-start",)),
    (
        r"evaluated at t|lr itself|never (used|reached)|peak logged|% of (nominal|lr0)"
        r"|highest value|warmup ends at",
        ("peak-not-reached",),
    ),
    (r"triangle|one-cycle|looks like", ("triangle",)),
    (r"peak .*\d ?%|\d ?% of (the )?(peak|nominal)", ("peak-not-reached", "stopped-early")),
    # Decay and end.
    (
        r"(once|per|each|every) epoch|within an epoch|constant in(side)? (an|each) epoch",
        ("by-epoch", "one-row-an-epoch"),
    ),
    (r"no_aug|last \d+ epochs at|at the floor for", ("cooldown-tail", "long-floor")),
    (
        r"per batch|every batch|t_max (too )?short|climbs again|goes up again",
        ("rises-at-the-end", "one-step-ahead", "useless-tail", "early-drop"),
    ),
    (r"lr (is )?0 (for|in)|zero (for|in) the", ("dead-rows", "useless-tail", "rounded-to-zero")),
    (
        r"(\d+ of \d+|almost|nearly|most).*(after the (only|last|first) drop|tenth of base)"
        r"|after the only drop",
        ("early-drop",),
    ),
    (
        r"below 1e|useless|without a floor|no min_lr|change nothing|near zero|almost 0",
        ("useless-tail", "dead-rows", "long-floor"),
    ),
    (r"cooldown|tail of|min_lr for|stays at (the )?(min|floor)", ("cooldown-tail", "long-floor")),
    (r"one step ahead|rises again|lr rises|one step too many|t-1", ("one-step-ahead",)),
    (r"rises? (after|past|at the end)|climbs", ("rises-at-the-end", "one-step-ahead")),
    (r"drop agrees|bad epochs|patience \d+ and|plateau", ("plateau", "useless-tail")),
    (
        r"snapshot|stopped (at )?\d|stopped (early|at)|of max_steps|(ended|ends|end) at (step )?\d+"
        r"|run aborted|aborted|never annealed|still at (the )?peak|unfinished|still running",
        ("stopped-early",),
    ),
    (
        r"last (logged )?(lr|value|row)|one step before|exactly 0|^complete",
        ("last-rate", "cooldown-tail"),
    ),
    (r"only \d+ rows?|\d+ (rows|steps|epochs) only|single row|one row|few rows", ("few-rows",)),
    (r"constant", ("constant", "constant-with-scheduler", "constant-one-epoch")),
    (r"warmup", ("warmup-long", "warmup-start", "warmup-in-few-rows")),
)
_COMPILED = tuple((re.compile(p, re.IGNORECASE), codes) for p, codes in _PATTERNS)


def codes_for(sentence: str) -> tuple[str, ...]:
    """Return the codes that say what a sentence about a log says; () if no pattern knows it.

    >>> codes_for("epochs 7 and 8 appear twice")
    ('repeated-rows', 'several-runs')
    """
    for pattern, codes in _COMPILED:
        if pattern.search(sentence):
            return codes
    return ()


def is_named(sentence: str, oddities: Sequence[Oddity]) -> bool:
    """Return whether one of the oddities says the same as a sentence.

    Args:
        sentence: a person's words about the log.
        oddities: the findings of the rules.
    """
    codes = codes_for(sentence)
    return any(oddity.code in codes for oddity in oddities)
