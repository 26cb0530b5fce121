"""The hypothesis profiles of every test: ``cslib``, and the lighter ``few``.

Tests carry no time limits. Where ``CI`` is set the examples are the same at every run, so that a
change is judged by itself and not by luck; elsewhere each run looks at new ones.

``pytest --hypothesis-profile few`` tries the first few of those examples: enough to meet every
branch, or a Python or a numpy that answers otherwise. A test that names its own number keeps it.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("cslib", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("cslib")
settings.register_profile("few", max_examples=20)
