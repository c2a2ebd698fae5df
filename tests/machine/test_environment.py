"""The three lists of requirements agree: pyproject.toml, environment.yml and constraints.txt."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it on Python 3.10

ROOT = Path(__file__).parents[2]

# What conda-forge calls the packages that have another name there.
NAME_ON_CONDA = {
    "jupyter-client": "jupyter_client",
    "jupyter-server": "jupyter_server",
    "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
    "torch": "pytorch",
}
PLATFORMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
    "macos": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
    "windows": {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
}


def project():
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]


def environment_of(python, platform):
    """What markers are evaluated with."""
    return {
        **PLATFORMS[platform],
        "python_version": python,
        "python_full_version": f"{python}.9",
        "implementation_name": "cpython",
    }


def project_requirements(*extras, python="3.12", platform="linux"):
    """{name: range} of what the course needs, with these extras, on one Python and one system."""
    optional = project()["optional-dependencies"]
    lists = [project()["dependencies"], *(optional[extra] for extra in extras)]
    parsed = [Requirement(line) for lines in lists for line in lines]
    assert len({r.name for r in parsed}) == len(parsed), "pyproject.toml names a package twice"
    environment = environment_of(python, platform)
    needed = [r for r in parsed if r.marker is None or r.marker.evaluate(environment)]
    return {canonicalize_name(r.name): r.specifier for r in needed}


def conda_entries():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return environment["dependencies"]


def conda_requirements():
    lines = [e for e in conda_entries() if isinstance(e, str) and not e.startswith("python=")]
    parsed = [Requirement(line) for line in lines]
    assert len({r.name for r in parsed}) == len(parsed), "environment.yml names a package twice"
    return {r.name: r.specifier for r in parsed}


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pinned_versions(python, platform):
    """{name: version} that constraints.txt gives on one Python and one system."""
    environment = environment_of(python, platform)
    chosen = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate(environment)]
    assert len({pin.name for pin in chosen}) == len(chosen), "two pins for one package"
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in chosen}


def test_conda_has_the_same_requirements_as_pyproject():
    needed = project_requirements("staff")
    wanted = {NAME_ON_CONDA.get(n, n): r for n, r in needed.items()}
    wanted["pip"] = SpecifierSet()
    assert conda_requirements() == wanted


def test_conda_names_one_python_that_the_course_supports():
    (version,) = [
        e.removeprefix("python=")
        for e in conda_entries()
        if isinstance(e, str) and e.startswith("python=")
    ]
    assert re.fullmatch(r"3\.[0-9]+", version)
    assert SpecifierSet(project()["requires-python"]).contains(version)


def test_conda_installs_through_pip_the_course_itself():
    assert [e["pip"] for e in conda_entries() if not isinstance(e, str)] == [["-e ."]]


def test_the_grader_needs_no_binding_of_libseccomp():
    assert "pyseccomp" not in project_requirements("staff")
    assert project_requirements("filters").keys() - project_requirements() == {"pyseccomp"}


def test_every_constraint_is_one_exact_version_from_anywhere():
    for pin in pins():
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)), f"not an exact pin: {pin}"
        assert pin.url is None, f"a constraint names a place: {pin}"
        assert not pin.name.startswith(("nvidia-", "cuda-", "triton")), f"CUDA is not wanted: {pin}"


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_constraints_pin_every_requirement_inside_its_range(python, platform):
    versions = pinned_versions(python, platform)
    extras = ("staff", "frameworks", "cluster", "postgresql", "tensorboard", "versions", "filters")
    for name, wanted in project_requirements(*extras, python=python, platform=platform).items():
        assert name in versions, f"constraints.txt has no {name} for Python {python}, {platform}"
        assert wanted.contains(versions[name]), f"{name} {versions[name]} is outside {wanted}"
