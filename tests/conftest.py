"""One hypothesis profile for every test.

Tests carry no time limits. Where ``CI`` is set the examples are the same at every run, so that a
change is judged by itself and not by luck; elsewhere each run looks at new ones.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("cslib", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("cslib")
