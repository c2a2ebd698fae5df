"""What is said of the presets' parameters: read from them, and within what they take."""

import inspect

import pytest

from course_lib.schedules import Schedule
from course_lib.schedules.parameters import PRESETS, argument_help, parameters


@pytest.mark.parametrize("preset", PRESETS)
def test_parameters_are_those_of_the_signature(preset):
    assert [p.name for p in parameters(preset)] == [*inspect.signature(PRESETS[preset]).parameters]
    for parameter in parameters(preset):
        assert parameter.help
        assert parameter.help == argument_help(PRESETS[preset])[parameter.name]


@pytest.mark.parametrize("preset", PRESETS)
def test_usual_values_make_a_schedule_and_ends_of_the_range_at_worst_a_clear_refusal(preset):
    usual = {p.name: p.value for p in parameters(preset) if p.only_with is None}
    assert isinstance(PRESETS[preset](**usual), Schedule)
    for p in parameters(preset):
        ends = p.choices or ((True, False) if p.kind == "switch" else (p.usual.low, p.usual.high))
        for end in ends:
            value = (end, end + 1) if p.kind == "counts" else end
            extra = dict([p.only_with]) if p.only_with else {}
            try:
                PRESETS[preset](**usual | extra | {p.name: value})
            except ValueError as error:
                assert str(error).split()[0] in {q.name for q in parameters(preset)}  # noqa: PT017


def test_what_is_read_of_one_preset():
    peak, floor, period, mode, gamma = parameters("triangular")
    assert (peak.kind, peak.usual.log) == ("number", True)
    assert period.kind == "count"
    assert period.usual.unit == "updates"
    assert mode.choices == ("triangular", "triangular2", "exp_range")
    assert gamma.only_with == ("mode", "exp_range")
    assert floor.help == "the foot, absolute, 0 <= floor <= peak_lr."


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="preset must be one of"):
        parameters("none")


def test_help_of_a_function_without_any():
    assert argument_help(lambda x: x) == {}
