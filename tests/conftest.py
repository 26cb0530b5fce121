"""How the tests run: no law has a time limit, since the machine may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("cslib", deadline=None)
settings.load_profile("cslib")
