"""The hypothesis profiles of every test, and what the command prints of the sample book.

Tests carry no time limits. Where ``CI`` is set the examples are the same at every run, so that a
change is judged by itself and not by luck; elsewhere each run looks at new ones.

``pytest --hypothesis-profile few`` tries the first few of those examples: enough to meet every
branch, or a Python or a numpy that answers otherwise. A test that names its own number keeps it.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import settings

from cslib.__main__ import main

settings.register_profile("cslib", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("cslib")
settings.register_profile("few", max_examples=20)


class Printed(NamedTuple):
    """What a command printed, and the code with which it ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def review_of_the_sample() -> Callable[..., Printed]:
    """``cslib review`` of the sample with some options, run once however many tests read it."""

    @functools.cache
    def printed(*options: str) -> Printed:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["review", *options])
        return Printed(code, out.getvalue(), err.getvalue())

    return printed
