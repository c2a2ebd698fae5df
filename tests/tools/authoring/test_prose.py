"""Numbers in prose: which are claims, what supports one, and which are found."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_tools.authoring.build import build
from course_tools.authoring.prose import NEAR, numbers_in, prose_findings
from tests.tools.authoring.small_course import LESSON, edit, found


def code(source, printed=""):
    outputs = [new_output("stream", text=printed)] if printed else []
    return new_code_cell(source, outputs=outputs)


def text(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def unsupported(*cells):
    """The numbers found, or the whole message where it is about a comment."""
    messages = [message for _, message in prose_findings(new_notebook(cells=list(cells)))]
    return [m.split("'")[1] if "supports" in m else m for m in messages]


@pytest.mark.parametrize(
    ("prose", "values"),
    [
        ("falls to 0.25, then 3e-4", [0.25, 3e-4]),
        ("about 12 % of 1,411 steps and 20 000 more", [0.12, 1411, 20000]),
        ("between −0.9999 and +2.5", [0.9999, 2.5]),
        ("it took 3×4 steps; η = 7.", [3, 4, 7]),
        ("a loss of $0.31$ here", [0.31]),
        ("2000 steps", [2000]),
        # no claims
        ("`step_size=5`, $x^3 + 2$, float32, T_0, arXiv:1608.03983 and [a link](12_x.ipynb)", []),
        ("lessons 2 to 4 and exercise 3 take 45 minutes", []),
        ("about 35 minutes, and 15 more for *Further*", []),
        ("(He et al., 2016), in 2017, Goyal et al. (2017), Smith, 2018; the 95 % interval", []),
        ("1. one\n2. two\n\n## 3. three\n\n**4.** four\n> 5. five", []),
        ("```python\nrate = 77\n```\n\n$$\\eta = 88$$", []),
        ("**References.** A. B. (2016), *C*, 22, 51-67.", []),
    ],
)
def test_which_numbers_are_claims(prose, values):
    assert [number.value for number in numbers_in(prose)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("prose", "supported"),
    [
        ("ends at 0.31", True),
        ("ends at 0.3", True),
        ("ends at 0.312", False),  # more digits than were printed
        ("ends at 0.32", False),
        ("falls by 69 %", True),
        ("falls by 68 %", False),
        ("after 141 steps", True),
        ("after 140 steps", False),
        ("3 of them", True),
        ("4 of them", False),  # 3.6 is printed, but a small count is not rounded
        ("rate 0.05", True),
        ("rate 0.06", False),
    ],
)
def test_a_number_is_supported_by_what_is_printed_or_put_in(prose, supported):
    cell = code("rate = 0.05\nprint(result)", "loss 0.31, down by 69%, 141 steps, 3 runs, 3.6")
    assert bool(unsupported(text(prose), cell)) is not supported


def test_numbers_inside_strings_and_comments_support_nothing():
    assert unsupported(text("it is 0.77"), code("name = 'loss 0.77'  # 0.77")) == ["0.77"]


def test_words_for_a_figure_are_prose_except_what_is_computed():
    shown = code("plots.show(figure, alt='falls to 0.31 and ' f'then {low:.2f} and 0.44')", "0.31")
    assert unsupported(shown) == ["0.44"]


def test_support_from_afar_counts_only_where_the_whole_lesson_is_meant():
    between = [text("and so on") for _ in range(NEAR)]
    assert unsupported(text("0.31"), *between[1:], code("print(x)", "0.31")) == []
    assert unsupported(text("0.31"), *between, code("print(x)", "0.31")) == ["0.31"]
    assert unsupported(code("print(x)", "0.31"), *between, text("0.31")) == ["0.31"]
    assert unsupported(text("0.31", "recap"), *between, code("print(x)", "0.31")) == []


@pytest.mark.parametrize(
    ("prose", "messages"),
    [
        ("the limit is 0.04 <!-- 2/50 = 0.04 -->", []),
        ("floor 0.64 <!-- -(0.8*log(0.8) + 0.2*log(0.1)) = 0.64 -->", []),
        ("so 3.14 <!-- pi = 3.14 -->, 5 <!-- 17//3 = 5 --> and 8 <!-- 2**3 = 8 -->", []),
        ("of 2000 <!-- 2*1000 = 2000 -->", []),
        ("5 % <!-- 1/20 = 5 % -->", []),
        ("GPT-3 (2020) warms up for 375 million <!-- cited: 375 -->", []),
        ("so it is <!-- derived: η = 2/λ --> <!-- holds: decay_steps = 90 idles -->", []),
    ],
)
def test_a_comment_may_support_a_number(prose, messages):
    assert unsupported(text(prose)) == messages


@pytest.mark.parametrize(
    ("comment", "part"),
    [
        ("2/50 = 0.05", "is wrong: 2/50 is 0.04"),
        ("2/0 = 3", "cannot be worked out"),
        ("__import__('os') = 3", "is not arithmetic"),
        ("x + 1 = 3", "is not arithmetic"),
        ("2 + = 3", "cannot be worked out"),
        ("2 + 2 = four", "is wrong"),
        ("cited: 375", "year"),
    ],
)
def test_a_comment_that_is_no_sum_or_a_wrong_one_is_named(comment, part):
    messages = unsupported(text(f"and <!-- {comment} -->"))
    assert len(messages) == 1
    assert part in messages[0]


def test_an_answer_may_use_the_numbers_of_its_own_question():
    question = "**1.** With `T_max=77` and 0.3?\n<details><summary>Answer</summary>{}</details>"
    assert unsupported(text(question.format("77 and 0.3"), "quiz")) == []
    assert unsupported(text(question.format("0.2"), "quiz")) == ["0.2"]
    assert unsupported(text("0.3"), text(question.format("0.3"), "quiz")) == ["0.3"]


def test_build_check_finds_it_in_a_lesson_and_not_in_a_good_one(course):
    assert found(course) == set()
    edit(course / LESSON, "# 4. Stop.", "# 4. Stop at 0.123.")
    build(course)
    assert found(course) == {(LESSON, "prose")}
