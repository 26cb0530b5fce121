"""What packs cost: nothing at import, and milliseconds when they are asked for.

    python benchmarks/packs.py [--packs 1 10 100] [--repeat 5] [--quick]

Packages that ship a pack each are written to a folder as an installer would leave them: empty ones,
which show what discovery itself costs, and packs that make ten playbooks of three conditions when
they are imported. Each figure is the median CPU time of new processes (``time.process_time``); the
packages that are installed anyway are read too, and their number is told.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PACK = """
from cslib.packs import Pack
from cslib.playbooks import Playbook

PLAYBOOKS = [
    Playbook(name=f"book {n}", need="adoption", layer="service", effort={"csm": n},
             entry=f"seats_used / seats < 0.{n + 1} and nps < {n} and roles_active < 3")
    for n in range(MANY)
]
PACK = Pack(name="NAME", version="1.0", api="1.0", playbooks=PLAYBOOKS)
"""

IMPORT = """
import time; began = time.process_time()
import cslib
took = time.process_time() - began
import sys
print(took, 'importlib.metadata' in sys.modules)
"""

REGISTRY = """
import time
import cslib.health, cslib.lifecycle, cslib.playbooks
began = time.process_time()
from cslib.registry import Registry
print(time.process_time() - began)
"""

DISCOVER = """
import time
from cslib.registry import Registry
import importlib.metadata
began = time.process_time()
found = Registry.discover(ASKED)
took = time.process_time() - began
assert not found.errors, found.errors
print(took, len(found.packs), sum(1 for _ in importlib.metadata.distributions()))
"""


def ship(folder: Path, packs: int, playbooks: int) -> None:
    for place in range(packs):
        name, about = f"pack{place}", folder / f"acme_pack{place}-1.0.dist-info"
        about.mkdir()
        (folder / f"acme_pack{place}.py").write_text(
            PACK.replace("NAME", name).replace("MANY", str(playbooks))
        )
        stated = f"Metadata-Version: 2.1\nName: acme-pack{place}\nVersion: 1.0\n"
        (about / "METADATA").write_text(stated)
        (about / "entry_points.txt").write_text(f"[cslib.packs]\n{name} = acme_pack{place}:PACK\n")


def run(code: str, folder: str = "") -> list[str]:
    """What a new process prints, the folder first on its path."""
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return done.stdout.split()


def median(code: str, folder: str, repeat: int) -> float:
    run(code, folder)  # so that every module is compiled
    return statistics.median(float(run(code, folder)[0]) for _ in range(repeat)) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packs", type=int, nargs="+", default=[0, 1, 10, 100])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a run that takes seconds")
    asked = parser.parse_args()
    packs, repeat = ([0, 2], 1) if asked.quick else (asked.packs, asked.repeat)

    _, reads_metadata = run(IMPORT)
    if reads_metadata != "False":
        sys.exit("import cslib imports importlib.metadata")
    print(f"import cslib: {median(IMPORT, '', repeat):.1f} ms, without importlib.metadata")
    print(f"import cslib.registry, after the rooms: {median(REGISTRY, '', repeat):.1f} ms")
    print("| packs installed | empty | of ten playbooks | one of these, by only= | packages read |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for many in packs:
        print(f"| {many} | {row(many, repeat)} |")


def row(packs: int, repeat: int) -> str:
    every = DISCOVER.replace("ASKED", "")
    one = DISCOVER.replace("ASKED", f"only={['pack0'] * bool(packs)}")
    times = []
    for playbooks, codes in ((0, [every]), (10, [every, one])):
        with tempfile.TemporaryDirectory() as folder:
            ship(Path(folder), packs, playbooks)
            times += [median(code, folder, repeat) for code in codes]
            *_, found, packages = run(every, folder)
            if int(found) < packs:
                sys.exit(f"expected {packs} packs, but found {found}")
    return " | ".join([*(f"{each:.1f} ms" for each in times), packages])


if __name__ == "__main__":
    main()
