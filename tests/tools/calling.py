"""Calls the command `lr-course` in this process, and what its errors look like."""

from click.testing import CliRunner

from course_tools.cli import main


def lr_course(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def assert_one_line_error(result, *parts):
    assert result.exit_code == 2, result.output
    lines = result.output.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Error: ")
    assert "Traceback" not in lines[0]
    for part in parts:
        assert part in lines[0]
