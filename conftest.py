"""Runs the Python blocks of README.md and of every page under docs/ as tests.

``pytest README.md docs`` executes each ```` ```python ```` block: a session (``>>>``) is compared
with what it prints, plain code has only to run. A page is one namespace, read from top to bottom.
Where sybil is not installed (dependency group ``docs``) the pages are not collected.
"""

from __future__ import annotations

try:
    from sybil import Sybil
    from sybil.parsers.myst import PythonCodeBlockParser, SkipParser
except ImportError:
    pass
else:
    pytest_collect_file = Sybil(
        parsers=[PythonCodeBlockParser(), SkipParser()],
        patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    ).pytest()
