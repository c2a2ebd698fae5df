"""Moves the controls of an explorer as a learner would, without a browser."""

import numpy as np

MOVES = 5


def moved_over_its_range(panel, name):
    """Set a control to values from its least to its largest; return the picture after each."""
    control = panel.controls[name]
    pictures = []
    for value in values_of(control):
        control.value = value
        assert panel.words.value
        pictures.append(panel.picture.value)
    return pictures


def values_of(control):
    """Values over the whole range of a control: all of a list's, and MOVES of a slider's."""
    kind = type(control).__name__
    if kind == "Dropdown":
        return [value for _, value in control._options_full]
    if kind == "Checkbox":
        return [not control.value, control.value]
    values = np.linspace(control.min, control.max, MOVES)
    if kind == "FloatLogSlider":
        return (control.base**values).tolist()
    if kind == "IntRangeSlider":
        return [(int(low), control.max) for low in values[:-1]]
    return [control.min.__class__(value) for value in values]
