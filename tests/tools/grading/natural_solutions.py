"""Third solutions of exercises, written plainly and without a look at the others.

With `tests.tasks.solved`, the shipped solutions and the sample class, they tell how much of their
structure independent solutions have in common.
"""

NATURAL = {
    "ex02_classic_decay": """
def multi_step_rate(step, peak_lr, milestones, drop):
    lr = peak_lr
    for m in milestones:
        if step >= m:
            lr = lr * drop
    return lr

def exponential_rates(steps, peak_lr, gamma, every):
    return peak_lr * gamma ** (steps / every)

def inverse_sqrt_rate(step, peak_lr, warmup_steps):
    if step < warmup_steps:
        start = peak_lr / warmup_steps
        return start + (peak_lr - start) * step / warmup_steps
    return peak_lr * np.sqrt(warmup_steps / step)

def polynomial_rates(steps, peak_lr, total_steps, power, floor):
    t = np.minimum(steps, total_steps)
    return floor + (peak_lr - floor) * (1 - t / total_steps) ** power

def plateau_lr(losses, peak_lr, factor, patience, threshold):
    lr = peak_lr
    best = losses[0]
    bad = 0
    rates = [lr]
    for loss in losses[1:]:
        if loss < best * (1 - threshold):
            best = loss
            bad = 0
        else:
            bad += 1
            if bad > patience:
                lr = lr * factor
                bad = 0
        rates.append(lr)
    return rates

def milestones_in_updates(epochs, examples, batch_size, drop_last):
    if drop_last:
        per_epoch = examples // batch_size
    else:
        per_epoch = math.ceil(examples / batch_size)
    return [e * per_epoch for e in epochs]
""",
    "ex03_cosine": """
def cosine_rate(step, peak_lr, total_steps, floor):
    if step >= total_steps:
        return floor
    return floor + (peak_lr - floor) * 0.5 * (1 + np.cos(np.pi * step / total_steps))

def restart_rate(step, peak_lr, first, mult, floor):
    length = first
    while step >= length:
        step -= length
        length *= mult
    return floor + (peak_lr - floor) * 0.5 * (1 + np.cos(np.pi * step / length))

def resumed_rates(done, updates, peak_lr, total_steps, floor):
    return [cosine_rate(t, peak_lr, total_steps, floor) for t in range(done, done + updates)]
""",
    "ex04_warmup": """
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        lr = peak_lr * step / warmup_steps
    elif step >= total_steps:
        lr = 0.0
    else:
        progress = (step - warmup_steps) / (total_steps - warmup_steps)
        lr = peak_lr * 0.5 * (1 + np.cos(np.pi * progress))
    return np.array([lr])

def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    steps = np.asarray(steps, dtype=float)
    warm = peak_lr * steps / max(1, warmup_steps)
    progress = np.clip((steps - warmup_steps) / (total_steps - warmup_steps), 0, 1)
    cos = peak_lr * 0.5 * (1 + np.cos(np.pi * progress))
    return np.where(steps < warmup_steps, warm, cos)

def with_warmup(step, schedule, warmup_steps):
    if step < warmup_steps:
        return schedule(0) * step / warmup_steps
    return schedule(step - warmup_steps)

def adam_update(gradients, rate, beta1, beta2, eps):
    m = 0.0
    v = 0.0
    for g in gradients:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
    t = len(gradients)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return -rate * m_hat / (np.sqrt(v_hat) + eps)

def library_rates(library, peak_lr, warmup_steps, total_steps, floor):
    rates = []
    for t in range(total_steps):
        if t < warmup_steps:
            if library == "transformers":
                lr = peak_lr * t / warmup_steps
            elif library == "torchtitan":
                lr = peak_lr * (t + 1) / warmup_steps
            elif library == "nanogpt":
                lr = peak_lr * (t + 1) / (warmup_steps + 1)
            else:
                start = peak_lr / warmup_steps
                lr = start + (peak_lr - start) * t / warmup_steps
        else:
            progress = (t - warmup_steps) / (total_steps - warmup_steps)
            lr = floor + (peak_lr - floor) * 0.5 * (1 + np.cos(np.pi * progress))
        rates.append(lr)
    return np.array(rates)
""",
    "ex05_cyclical": """
def step_size_in_updates(epochs, examples, batch_size, drop_last):
    if drop_last:
        batches = examples // batch_size
    else:
        batches = -(-examples // batch_size)
    return epochs * batches

def triangular_lr(step, base_lr, max_lr, step_size):
    cycle = np.floor(1 + step / (2 * step_size))
    x = np.abs(step / step_size - 2 * cycle + 1)
    return base_lr + (max_lr - base_lr) * np.maximum(0, 1 - x)

def triangular2_lr(step, base_lr, max_lr, step_size):
    cycle = np.floor(1 + step / (2 * step_size))
    x = np.abs(step / step_size - 2 * cycle + 1)
    return base_lr + (max_lr - base_lr) * np.maximum(0, 1 - x) / 2 ** (cycle - 1)

def snapshot_steps(total_steps, step_size, count):
    cycle = 2 * step_size
    n = total_steps // cycle
    steps = [cycle * (i + 1) for i in range(n)]
    return steps[-count:]
""",
    "ex06_one_cycle": """
def one_cycle_lr(step, peak_lr, total_steps, pct_start, div, final_div):
    rise = round(pct_start * total_steps)
    start = peak_lr / div
    end = start / final_div
    if step >= total_steps:
        return end
    if step < rise:
        progress = step / rise
        return start + (peak_lr - start) * 0.5 * (1 - np.cos(np.pi * progress))
    progress = (step - rise) / (total_steps - rise)
    return end + (peak_lr - end) * 0.5 * (1 + np.cos(np.pi * progress))

def three_phase_lr(step, peak_lr, total_steps, rise_steps, div, final_div):
    start = peak_lr / div
    end = start / final_div
    if step < rise_steps:
        return start + (peak_lr - start) * step / rise_steps
    if step < 2 * rise_steps:
        return peak_lr - (peak_lr - start) * (step - rise_steps) / rise_steps
    if step < total_steps:
        return start - (start - end) * (step - 2 * rise_steps) / (total_steps - 2 * rise_steps)
    return end

def cycled_momentum(step, total_steps, rise_steps, base_momentum, max_momentum):
    if step < rise_steps:
        progress = step / rise_steps
        return max_momentum + (base_momentum - max_momentum) * 0.5 * (1 - np.cos(np.pi * progress))
    progress = min(1, (step - rise_steps) / (total_steps - rise_steps))
    return base_momentum + (max_momentum - base_momentum) * 0.5 * (1 - np.cos(np.pi * progress))

def one_cycle_arguments(rates):
    rates = np.asarray(rates)
    peak_lr = rates.max()
    total_steps = len(rates)
    pct_start = (np.argmax(rates) + 1) / total_steps
    div = peak_lr / rates[0]
    final_div = rates[0] / rates[-1]
    return [peak_lr, total_steps, pct_start, div, final_div]
""",
    "ex07_range_test": """
def range_test_rates(lowest_rate, highest_rate, steps):
    return lowest_rate * (highest_rate / lowest_rate) ** (np.arange(steps) / (steps - 1))

def range_test_losses(loss_and_gradient, w, rates):
    losses = []
    for rate in rates:
        loss, gradient = loss_and_gradient(w)
        losses.append(loss)
        w = w - rate * gradient
    return np.array(losses)

def debiased_average(losses, beta):
    avg = 0.0
    out = []
    for t, loss in enumerate(losses, start=1):
        avg = beta * avg + (1 - beta) * loss
        out.append(avg / (1 - beta**t))
    return np.array(out)

def stop_index(losses, smoothed, stop_factor):
    best = np.inf
    for i in range(len(losses)):
        if not np.isfinite(losses[i]) or smoothed[i] > stop_factor * best:
            return i
        best = min(best, smoothed[i])
    return len(losses)

def tenth_of_minimum(rates, smoothed, skip_start, skip_end):
    end = len(rates) - skip_end
    i = np.argmin(smoothed[skip_start:end]) + skip_start
    return rates[i] / 10

def steepest_rate(rates, smoothed):
    slopes = np.diff(smoothed) / np.diff(np.log(rates))
    return rates[np.argmin(slopes)]

def choose_peak(train):
    best_rate = None
    best_loss = np.inf
    for rate in np.logspace(-5, 2, 8):
        loss = train(rate)
        if loss < best_loss:
            best_loss = loss
            best_rate = rate
    for factor in np.logspace(-0.5, 0.5, 6):
        loss = train(best_rate * factor)
        if loss < best_loss:
            best_loss, best_rate = loss, best_rate * factor
    return best_rate
""",
    "ex09_after_cosine": """
def straight_to_zero(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step >= total_steps:
        return 0.0
    return peak_lr * (total_steps - step) / (total_steps - warmup_steps)

def branch_rates(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    rates = []
    for t in range(branch_step + decay_steps):
        if t < branch_step:
            if t < warmup_steps:
                lr = peak_lr * t / warmup_steps
            else:
                lr = peak_lr
        else:
            x = (t - branch_step) / decay_steps
            lr = floor + (peak_lr - floor) * (1 - x**power)
        rates.append(lr)
    return np.array(rates)

def scaled_run(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
    k = new_batch_size / batch_size
    if optimizer == "sgd":
        new_rate = rate * k
    else:
        new_rate = rate * np.sqrt(k)
    new_rate = min(new_rate, rate_limit)
    new_updates = updates * batch_size // new_batch_size
    return [new_rate, new_updates]

def schedule_free_weights(start, curvatures, noise, rate, beta):
    z = start.copy()
    x = start.copy()
    for t, n in enumerate(noise):
        y = (1 - beta) * z + beta * x
        grad = curvatures * y + n
        z = z - rate * grad
        c = 1 / (t + 1)
        x = (1 - c) * x + c * z
    return x
""",
    "ex12_language_models": """
def sum_of_rates(rates, updates, start):
    cumulative = np.concatenate([[0], np.cumsum(rates)])
    return np.array([max(0.0, cumulative[u] - cumulative[start]) for u in updates])

def fit_power_law(sums, losses, floor_loss):
    x = np.log(sums)
    y = np.log(losses - floor_loss)
    slope, intercept = np.polyfit(x, y, 1)
    return np.array([np.exp(intercept), -slope])

def gain_of_a_fall(before, after, span, parameters):
    B, C = parameters["B"], parameters["C"]
    beta, gamma = parameters["beta"], parameters["gamma"]
    return B * (before - after) * (1 - (1 + C * after ** (-gamma) * span) ** (-beta))

def multi_power_loss(rates, parameters):
    p = parameters
    loss = p["L0"] + p["A"] * np.sum(rates) ** (-p["alpha"])
    for k in range(1, len(rates)):
        span = np.sum(rates[k:])
        loss -= gain_of_a_fall(rates[k - 1], rates[k], span, parameters)
    return loss

def cooldown_start(total_steps, peak_lr, parameters, starts):
    best_start, best_loss = None, np.inf
    for start in starts:
        rates = np.full(total_steps, peak_lr)
        t = np.arange(start, total_steps)
        rates[start:] = peak_lr * (total_steps - t) / (total_steps - start)
        loss = multi_power_loss(rates, parameters)
        if loss < best_loss:
            best_start, best_loss = start, loss
    return np.array([best_start, best_loss])
""",
}
