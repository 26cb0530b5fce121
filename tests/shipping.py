"""Packages that ship packs, written to a folder as an installer would leave them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from cslib.discovery import GROUP


def code_of(name: str, **fields: str) -> str:
    """A module that holds a pack; ``fields`` are written as they stand."""
    stated = {"name": repr(name), "version": "'2.1.0'", "api": "'1.0'", **fields}
    listed = ", ".join(f"{field}={value}" for field, value in stated.items())
    return f"from cslib.packs import Pack\nPACK = Pack({listed})\n"


@attrs.frozen
class Shelf:
    """A folder on the path."""

    folder: Path

    def ship(
        self,
        pack: str,
        code: str | None = None,
        *,
        distribution: str | None = None,
        version: str = "1.0",
        leads_to: str = "PACK",
    ) -> str:
        """Install a package with one module and one entry point; gives the module's name."""
        name = distribution or f"acme-{pack}"
        module = f"{name}_{version}".replace("-", "_").replace(".", "_")
        (self.folder / f"{module}.py").write_text(code_of(pack) if code is None else code)
        self.describe(name, version, f"[{GROUP}]\n{pack} = {module}:{leads_to}\n")
        return module

    def describe(self, name: str, version: str, points: str) -> None:
        """What an installed package states of itself."""
        about = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        about.mkdir()
        stated = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (about / "METADATA").write_text(stated)
        (about / "entry_points.txt").write_text(points)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """An empty folder on the path, whose modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Shelf(tmp_path)
    for module in set(sys.modules) - before:
        if Path(getattr(sys.modules[module], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[module]
