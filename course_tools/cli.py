"""The command ``lr-course``: builds, runs and checks notebooks, grades, and diagnoses logs."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import course_tools.without_iri_grammar  # noqa: F401 - before nbformat
from course_tools.authoring.errors import CellFailure, CourseError
from course_tools.cli_errors import InputError, one_line_errors
from course_tools.mark_cli import mark

# Everything heavier is imported in the command that needs it: `--help` answers at once, and
# `doctor` works where packages are missing.


class _NotebookCommand(click.Command):
    """A command for notebooks, whose names may begin with a dash, as options do."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Tell the names of files from options."""
        names = [
            f"./{arg}" if arg.startswith("-") and _is_notebook(Path(arg)) else arg for arg in args
        ]
        return super().parse_args(ctx, names)


@click.group()
def main() -> None:
    """Learning-rate schedules, measured: build, run and check the course."""
    for stream in (sys.stdout, sys.stderr):
        # A redirected output on Windows, say, cannot hold every letter of a learner's error.
        stream.reconfigure(errors="backslashreplace")


main.add_command(mark)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; list the problems.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="The course folder; by default the one around the current folder.",
)
def build(names: tuple[str, ...], only_check: bool, root: Path | None) -> None:
    """Make the notebooks from sources/: all, or those of the sources NAMES."""
    with one_line_errors():
        root = _course_root(root)
        if only_check:
            sys.exit(_report_problems(root, names))
        sys.exit(_build(root, names))


@main.command(cls=_NotebookCommand)
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-p", "parameters", nargs=2, multiple=True, help="A parameter: NAME VALUE.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep the executed copies here.")
@click.option("--timeout", type=click.IntRange(min=1), help="Seconds that one cell may take.")
@click.option("--jobs", type=click.IntRange(min=1), help="At one time; by default one a core.")
@click.option("--compare", is_flag=True, help="Fail where text, a number or a picture changes.")
@click.option("--fast", is_flag=True, help="Train fewer runs; fail where a conclusion changes.")
def run(
    notebooks: tuple[Path, ...],
    parameters: tuple[tuple[str, str], ...],
    out: Path | None,
    timeout: int | None,
    jobs: int | None,
    compare: bool,
    fast: bool,
) -> None:
    """Execute NOTEBOOKS, or those in a folder, and say which of them fail.

    The files are not changed; executed copies are kept only with --out.
    """
    with one_line_errors():
        from course_tools.authoring import running
        from course_tools.authoring.conclusions import fast_parameters
        from course_tools.authoring.notebook_execution import (
            DEFAULT_TIMEOUT,
            check_executable,
        )
        from course_tools.authoring.notebook_files import read_notebook
        from course_tools.authoring.parameters import parse_value

        if fast and compare:
            raise CourseError("--fast trains other runs; leave out --compare")
        paths = _notebook_paths(notebooks)
        values = {name: parse_value(value) for name, value in parameters}
        wanted = []
        for path in paths:
            nb = read_notebook(path)
            check_executable(nb, str(path), values)
            wanted.append(
                running.NotebookJob(
                    path,
                    values | (fast_parameters(nb) if fast else {}),
                    timeout or DEFAULT_TIMEOUT,
                    "outputs" if compare else "conclusions" if fast else None,
                )
            )
        if out is not None:
            _prepare_output(out, paths)
        rows = {}
        for done in running.run_all(wanted, running.notebooks_at_once(jobs, len(wanted))):
            for message in done.messages:
                click.echo(f"\n{message}\n", err=True)
            if out is not None:
                _keep(done.notebook, out / done.job.path.name)
            state = "failed" if done.messages else "ok"
            rows[done.job.path] = (str(done.job.path), f"{done.seconds:.1f}", state)
    click.echo(_table(("notebook", "seconds", "state"), [rows[path] for path in paths]))
    sys.exit(any(state == "failed" for _, _, state in rows.values()))


@main.command(cls=_NotebookCommand)
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--processor", "names", multiple=True, help="Processor to imitate; by default all.")
@click.option("--jobs", type=click.IntRange(min=1), help="At one time; by default one a core.")
def portable(notebooks: tuple[Path, ...], names: tuple[str, ...], jobs: int | None) -> None:
    """Execute NOTEBOOKS as other x86-64 processors would, and list each cell that changes.

    Exit status 0: no conclusion changes, and every number stays within its own uncertainty.
    """
    with one_line_errors():
        from course_tools.authoring import portable as processors
        from course_tools.authoring.running import notebooks_at_once

        paths = _notebook_paths(notebooks)
        chosen = processors.find_processors(names)
        surveys = []
        for found in processors.survey(paths, chosen, notebooks_at_once(jobs, len(paths))):
            surveys.append(found)
            click.echo(f"{found.processor.name}: {'ok' if found.passed else 'failed'}")
            for path, changed in found.changed.items():
                for change in changed:
                    click.echo(f"  {path}, cell {change.cell}, {change.kind}: {change.message}")
            for message in found.failed:
                click.echo(textwrap.indent(message, "  "))
        click.echo(f"\n{processors.table(surveys)}")
    sys.exit(not all(found.passed for found in surveys))


@main.command(cls=_NotebookCommand)
@click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path))
@click.option("--timeout", type=click.IntRange(min=1), default=60, help="Seconds a cell may take.")
def check(notebooks: tuple[Path, ...], timeout: int) -> None:
    """Check your answers in NOTEBOOKS, or in all exercises, and print points and likely causes.

    They are run from the start, each in a fresh kernel; the files are not changed. Exit status 0:
    all cells run and all tasks are right; 2: a file could not be checked.
    """
    with one_line_errors():
        from course_tools.authoring.exercise_checks import check_notebook

        folder = () if notebooks else (_course_root(None, "the notebook") / "exercises",)
        paths = _notebook_paths(notebooks or folder)
        passed, refused = True, 0
        for path in paths:
            try:
                checked = check_notebook(path, timeout)
            except CourseError as error:
                if len(paths) == 1:
                    raise
                refused += 1
                click.echo(f"Error: {' '.join(str(error).split())}\n", err=True)
                continue
            click.echo(path)
            for message in checked.messages:
                click.echo(textwrap.indent(message, "  ") + "\n")
            rows = [(t.task, f"{t.points:.4g} of {t.possible:g}", t.state) for t in checked.tasks]
            click.echo(textwrap.indent(_table(("task", "points", "state"), rows), "  ") + "\n")
            passed &= checked.passed
    sys.exit(InputError.exit_code if refused else not passed)


@main.command()
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder for the grades."
)
@click.option("--config", type=click.Path(path_type=Path), help="Limits and policies, in TOML.")
@click.option("--jobs", type=click.IntRange(min=1), help="At one time; by default one a core.")
@click.option("--scheduler", help="Address tcp://… of a Dask scheduler whose workers grade.")
@click.option("--gradebook", help="SQLAlchemy URL; by default OUT/grades.sqlite.")
@click.option("--seed", type=int, help="Seed of the hidden cases; by default drawn once and kept.")
@click.option("--regrade", multiple=True, help="A student or a file to grade again, or `all`.")
@click.option("--layout", default="", help="A platform, STUDENT, */STUDENT or STUDENT.ipynb.")
@click.option("--zip-names", default="", help="Encoding of names in a zip file: cp1252, cp437 …")
@click.option("--roster", type=click.Path(path_type=Path), help="People of the class, in CSV.")
@click.option(
    "--csv",
    type=click.Choice(["standard", "european"]),
    default="standard",
    help="european: semicolons and decimal commas in tables for people.",
)
@click.option("--preview", is_flag=True, help="Say who handed in what, and grade nothing.")
@click.option("--yes", is_flag=True, help="Go on where the command asks for a decision.")
@click.option("--changed-settings", is_flag=True, help="Go on without the last --config, --roster.")
@click.option("--unsafe", is_flag=True, help="Run strangers' code without the sandbox.")
def grade(submissions: Path, **options: Any) -> None:
    """Grade SUBMISSIONS, a folder or a zip file, such as the export of a learning platform.

    When it is run again, it grades only new submissions. Exit status 0: every submission has a
    report; 1: some could not be graded here; 2: the call is wrong, it is not certain who the
    students are, or there is no sandbox.
    """
    with one_line_errors():
        from course_tools.grading.box.sandbox import NoSandboxError
        from course_tools.grading.command import Options, run

        try:
            sys.exit(run(Options(submissions, **options)))
        except ValueError as error:
            raise InputError(str(error)) from error
        except NoSandboxError as error:
            raise InputError(
                f"submissions cannot be run safely here: {error} Or use --unsafe, for "
                "submissions of people whom you trust with your files."
            ) from error


@main.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--plan", "plans", multiple=True, help="The plan; one for each group, if several.")
@click.option("--base-lr", type=float, multiple=True, help="Rate of the optimizer, or of a group.")
@click.option("--unit", type=click.Choice(["update", "epoch"]), help="Unit of the plan.")
@click.option("--total-steps", type=click.IntRange(min=1), help="Length of the run, in that unit.")
@click.option("--steps-per-epoch", type=click.IntRange(min=1), help="Updates in an epoch.")
@click.option("--factor", "factors", type=(str, int), multiple=True, help="As: processes 4.")
@click.option("--group", help="Name or number of a parameter group.")
@click.option("--format", help="Kind of the log; by default told by its content.")
@click.option("--rate-column", help="Column of the rates.")
@click.option("--step-column", help="Column of the updates or epochs.")
@click.option("--figure", type=click.Path(path_type=Path), help="Draw it: .png, .svg or .pdf.")
def diagnose(log: Path, **options: Any) -> None:
    """Say which schedule the rates in LOG follow, or where and why they left the plan.

    LOG is a file that a trainer wrote, the folder of its run, or a CSV. A plan is a call, in
    quotes: "torch.CosineAnnealingLR(T_max=90, base_lr=0.1)", "warmup_cosine(0.1, 500, 9000)".

    Exit status 0: as planned, or without a problem; 1: not so; 2: the call or the log is no good.
    """
    with one_line_errors():
        from course_tools.log_diagnosis import LogQuestion, answer

        text, good = answer(LogQuestion(log, **options))
        click.echo(text)
    sys.exit(not good)


@main.command()
@click.option("--folders", is_flag=True, help="Only check the folders that `make test` writes to.")
def doctor(folders: bool) -> None:
    """Check Python, the packages and the kernel, and say how to repair what fails."""
    from course_tools import doctor as examination

    sys.exit(examination.folders_main() if folders else examination.main())


def _course_root(given: Path | None, named: str = "it with --root") -> Path:
    start = (given or Path.cwd()).resolve()
    for folder in (start,) if given else (start, *start.parents):
        if (folder / "sources").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise CourseError(
        f"{start} is not in a course folder (one with sources/ and pyproject.toml); "
        f"go to the course, or name {named}"
    )


def _report_problems(root: Path, names: Sequence[str]) -> int:
    if names:
        raise CourseError(f"--check looks at the whole course; leave out {' '.join(names)}")
    from course_tools.authoring.rules import check

    problems = check(root)
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"build --check: {len(problems)} problems" if problems else "build --check: ok")
    return 1 if problems else 0


def _build(root: Path, names: Sequence[str]) -> int:
    from course_tools.authoring.build import build as build_course

    try:
        built = build_course(root, names)
    except CellFailure as failure:
        click.echo(f"{failure.report()}\n\nnothing was written", err=True)
        return 1
    for verb, paths in (("wrote", built.written), ("removed", built.removed)):
        for path in paths:
            click.echo(f"{verb} {path}")
    click.echo(f"{len(built.unchanged)} notebooks unchanged")
    return 0


def _notebook_paths(given: Sequence[Path]) -> list[Path]:
    paths: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(filter(_is_notebook, path.iterdir()))
            if not inside:
                raise CourseError(f"the folder {path} holds no notebook; name another")
            paths += inside
        elif path.is_file():
            paths.append(path)
        else:
            folder = path.parent
            found = sorted(p.name for p in folder.glob("*") if _is_notebook(p))
            beside = ", ".join(found) or "none"
            raise CourseError(f"there is no notebook {path}; notebooks in {folder}: {beside}")
    return list(dict.fromkeys(paths))


def _is_notebook(path: Path) -> bool:
    from course_tools.grading.intake.places import is_notebook

    return is_notebook(path.name) and path.is_file()


def _prepare_output(out: Path, paths: Sequence[Path]) -> None:
    """Makes the folder for executed copies; refuses one in which a file would be lost."""
    names = [path.name for path in paths]
    for path in paths:
        if names.count(path.name) > 1:
            raise CourseError(
                f"--out {out} cannot hold two notebooks named {path.name}; run them one by one"
            )
        if path.resolve().parent == out.resolve():
            raise CourseError(f"--out {out} would overwrite {path}; choose another folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(out, os.W_OK) else "it is read-only"
    except OSError as error:
        reason = error.strerror
    if reason:
        raise CourseError(f"cannot write to --out {out} ({reason}); choose another folder")


def _keep(nb: Any, path: Path) -> None:
    from course_tools.authoring.build import write_notebook

    try:
        write_notebook(nb, path)
    except OSError as error:
        raise CourseError(f"cannot write {path}: {error.strerror}; choose another --out") from error


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = []
    for name, number, state in (header, *rows):
        lines.append(f"{name:<{widths[0]}}  {number:>{widths[1]}}  {state}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
