#!/bin/sh
# Surprise: scikit-learn's MLPClassifier and MLPRegressor with solver="sgd" and
# learning_rate="invscaling" divide the rate by a power of the number of training *samples* seen, and
# do so when an epoch ends. The first epoch is trained at learning_rate_init; with 10,000 samples, the
# second has a hundredth of it (power_t=0.5), and fifty epochs later it is a seventh of that. Whoever
# collects more data, or repeats the same, trains at a lower rate; batch_size has no part in it.
#
# The documentation says "at each time step 't'" and learning_rate_init / pow(t, power_t). One would
# expect t to count updates, with the fall spread over them, as in torch's or optax's inverse decay,
# or epochs, in which the loss curve counts. In SGDClassifier, where invscaling has the same formula,
# t counts samples, too, but there every sample is an update.
#
# Source: sklearn/neural_network/_multilayer_perceptron.py (t_ += n_samples) and
# _stochastic_optimizers.py (SGDOptimizer.iteration_ends);
# https://scikit-learn.org/stable/modules/generated/sklearn.neural_network.MLPClassifier.html
#
# Seen: scikit-learn 1.9.1, NumPy 2.4.6, Python 3.11, 2026-12-01.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)
rng = np.random.default_rng(0)
X, y = rng.normal(size=(20, 3)), rng.normal(size=20)


def way(kind, epochs, copies, batches=1):
    """Return how far the weights move in the last epoch; every sample is there `copies` times."""
    inputs, targets = np.tile(X, (copies, 1)), np.tile(y, copies)
    given = {"hidden_layer_sizes": (), "solver": "sgd", "learning_rate_init": 1e-3, "alpha": 0.0}
    given |= {"momentum": 0.0, "nesterovs_momentum": False, "shuffle": False, "random_state": 0}
    given |= {"learning_rate": kind, "batch_size": len(inputs) // batches}
    before, after = (
        MLPRegressor(max_iter=number, **given).fit(inputs, targets).coefs_[0]
        for number in (epochs - 1, epochs)
    )
    return float(np.linalg.norm(after - before))


# One batch an epoch, the same gradients whatever the number of copies: the ratio is the rates'.
print("epoch   samples   invscaling / constant   1 / sqrt(samples seen + 1)")
for copies in (1, 50, 500):
    for epoch in (2, 5):
        seen = (epoch - 1) * 20 * copies
        # Both have come almost as far before, as the rate is small.
        ratio = way("invscaling", epoch, copies) / way("constant", epoch, copies)
        print(f"{epoch:5}   {20 * copies:7}   {ratio:21.4f}   {(seen + 1) ** -0.5:26.4f}")
        assert abs(ratio * (seen + 1) ** 0.5 - 1) < 0.05

many = way("invscaling", 2, 50, batches=10) / way("constant", 2, 50, batches=10)
print(f"    2      1000   {many:21.4f}   the same with ten batches an epoch")
assert abs(many * 1001**0.5 - 1) < 0.05
CODE
