"""Checks and hypothesis strategies for packages that build on cslib; the extra ``cslib[testing]``.

One line in the tests of a package proves its pack::

    from cslib.testing import check_pack

    def test_the_pack() -> None:
        check_pack(PACK)

:mod:`cslib.testing.strategies` draws accounts, contracts, events and playbooks for tests of your
own.
"""

from __future__ import annotations

try:
    import hypothesis as _hypothesis  # noqa: F401  so that its absence is told with the way out
except ModuleNotFoundError as error:  # pragma: no cover  the tests have it
    raise ModuleNotFoundError(
        "cslib.testing needs hypothesis: install cslib[testing]", name=error.name
    ) from error

from cslib.testing.conformance import (
    Check,
    ConformanceError,
    Flaw,
    check_pack,
    flaws_of,
)

__all__ = ["Check", "ConformanceError", "Flaw", "check_pack", "flaws_of"]
