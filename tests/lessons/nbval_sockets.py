"""A pytest plugin: nbval as it is, but its kernels have sockets that no other process takes."""

from course_tools.authoring.nbval_checks import pytest_configure

__all__ = ["pytest_configure"]
