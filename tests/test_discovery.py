from __future__ import annotations

import sys

import pytest

from cslib.discovery import GROUP, PackError, Phase, Record, handed_over, installed
from cslib.errors import DefinitionError
from cslib.packs import Pack
from shipping import Shelf, code_of, shelf

__all__ = ["shelf"]


def found(*names: str) -> dict[str, Record]:
    return {record.name: record for record in installed(only=names, exclude=())}


def error_of(name: str) -> PackError:
    record = found(name)[name]
    assert record.pack is None
    assert record.error is not None
    return record.error


# What is in force


def test_an_installed_pack_is_found_with_its_package_and_version(shelf: Shelf) -> None:
    shelf.ship("hotels", version="3.2")

    record = found("hotels")["hotels"]

    assert record.pack == Pack(name="hotels", version="2.1.0", api="1.0")
    assert (record.distribution, record.version) == ("acme-hotels", "3.2")
    assert record.error is None
    assert record.notice == ""


def test_an_entry_point_may_be_a_function_that_gives_a_pack(shelf: Shelf) -> None:
    shelf.ship("hotels", f"{code_of('hotels')}\ndef make():\n    return PACK\n", leads_to="make")

    assert found("hotels")["hotels"].pack is not None


def test_packs_come_by_name_whatever_the_order_of_the_path(shelf: Shelf) -> None:
    for name in ("spas", "bars", "hotels"):
        shelf.ship(name, distribution=f"{'zyx'[len(name) % 3]}-{name}")

    assert list(found("hotels", "spas", "bars")) == ["bars", "hotels", "spas"]


def test_a_pack_that_is_not_asked_for_is_never_imported(shelf: Shelf) -> None:
    modules = {name: shelf.ship(name) for name in ("hotels", "spas", "bars")}

    records = installed(only=["hotels", "bars"], exclude=["bars"])

    assert [record.name for record in records] == ["hotels"]
    assert {name for name, module in modules.items() if module in sys.modules} == {"hotels"}


def test_without_only_all_but_the_excluded_are_found(shelf: Shelf) -> None:
    for name in ("hotels", "spas", "bars"):
        shelf.ship(name)

    names = {record.name for record in installed(only=None, exclude=["spas", "not-installed"])}

    assert names >= {"hotels", "bars"}
    assert not names & {"spas", "not-installed"}


@pytest.mark.parametrize("names", ["hotels", [5], 5])
def test_names_are_given_as_several_texts(names: object) -> None:
    with pytest.raises(DefinitionError, match=r"\$\.only"):
        installed(only=names, exclude=())  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"\$\.exclude"):
        installed(only=None, exclude=names)  # type: ignore[arg-type]


# What is broken: each its own record


def test_a_pack_that_is_not_installed_is_a_record_with_a_suggestion(shelf: Shelf) -> None:
    shelf.ship("hotels")

    records = found("hotels", "hotel")

    assert records["hotels"].pack is not None
    assert str(records["hotel"]) == (
        "pack 'hotel' could not be found: no installed package ships a pack of that name: "
        "did you mean 'hotels'?"
    )


BROKEN = {
    "import": ("import no_such_module_at_all", "PACK", Phase.LOADED, "ModuleNotFoundError: No"),
    "attribute": ("PACK = None", "PAK", Phase.LOADED, "AttributeError: module "),
    "syntax": ("PACK = (", "PACK", Phase.LOADED, "SyntaxError: '(' was never closed"),
    "raises": ("raise ValueError('no key')", "PACK", Phase.LOADED, "ValueError: no key"),
    "definition": (
        "from cslib.packs import Pack\nPACK = Pack(name='definition', version='', api='1.0')",
        "PACK",
        Phase.LOADED,
        "DefinitionError: pack 'definition' is not valid: $.version: expected a version",
    ),
    "exit": (
        "raise SystemExit(3)",
        "PACK",
        Phase.LOADED,
        "it tried to end the program; SystemExit: 3",
    ),
    "recursion": (
        "def make():\n    return make()",
        "make",
        Phase.CALLED,
        "it called itself without end; RecursionError: maximum recursion depth exceeded",
    ),
    "calls": (
        "def make(key):\n    return key",
        "make",
        Phase.CALLED,
        "TypeError: make() missing 1",
    ),
    "exits": (
        "import sys\ndef make():\n    sys.exit()",
        "make",
        Phase.CALLED,
        "it tried to end the program; SystemExit",
    ),
    "base": (
        "class Stop(BaseException): pass\ndef make():\n    raise Stop('now')",
        "make",
        Phase.CALLED,
        "Stop: now",
    ),
    "speechless": (
        "class Odd(Exception):\n    def __str__(self): return 1 / 0\nraise Odd",
        "PACK",
        Phase.LOADED,
        "Odd: its message cannot be made (ZeroDivisionError)",
    ),
    "text": (
        "PACK = 'a pack'",
        "PACK",
        Phase.VALIDATED,
        "expected a Pack, or a function without arguments that gives one, but got the str 'a pack'",
    ),
    "nothing": (
        "def make(): pass",
        "make",
        Phase.VALIDATED,
        "expected a Pack, or a function without arguments that gives one, but got None",
    ),
    "disguised": (
        "class Odd:\n    @property\n    def __class__(self): raise OSError('gone')\nPACK = Odd()",
        "PACK",
        Phase.VALIDATED,
        "OSError: gone",
    ),
    "renamed": (
        code_of("other"),
        "PACK",
        Phase.VALIDATED,
        "its pack is named 'other'; name the entry point 'other' too",
    ),
    "newer": (
        code_of("newer", api="'2.0'"),
        "PACK",
        Phase.VALIDATED,
        "it was written for api 2.0, and this cslib has 1.0: upgrade cslib",
    ),
    "older": (
        code_of("older", api="'0.9'"),
        "PACK",
        Phase.VALIDATED,
        "it was written for api 0.9, and this cslib has 1.0: upgrade the pack",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_pack_is_a_record_with_its_phase_and_cause(shelf: Shelf, name: str) -> None:
    code, leads_to, phase, cause = BROKEN[name]
    shelf.ship(name, code, leads_to=leads_to, version="0.3")

    error = error_of(name)

    assert error.cause.startswith(cause)
    assert error.phase is phase
    assert (error.pack, error.distribution, error.version) == (name, f"acme-{name}", "0.3")
    assert str(error).startswith(f"pack {name!r} of acme-{name} 0.3 could not be {phase}: {cause}")


def test_a_broken_pack_stops_none_of_the_others(shelf: Shelf) -> None:
    for name, (code, leads_to, _, _) in BROKEN.items():
        shelf.ship(name, code, leads_to=leads_to)
    shelf.ship("hotels")

    records = found(*BROKEN, "hotels")

    assert records["hotels"].pack is not None
    assert {name for name, each in records.items() if each.error} == set(BROKEN)


def test_what_a_pack_raised_is_the_cause_of_its_error(shelf: Shelf) -> None:
    shelf.ship("spas", "raise ValueError('no key')")

    assert isinstance(error_of("spas").__cause__, ValueError)


def test_a_long_message_of_a_pack_is_cut(shelf: Shelf) -> None:
    shelf.ship("spas", "raise ValueError('x' * 100_000)")

    assert len(error_of("spas").cause) < 1_100


def test_the_interrupt_of_a_person_passes(shelf: Shelf) -> None:
    shelf.ship("spas", "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        found("spas")


def test_a_pack_for_a_newer_minor_api_is_in_force_with_a_notice(shelf: Shelf) -> None:
    shelf.ship("spas", code_of("spas", api="'1.7'"))

    record = found("spas")["spas"]

    assert record.pack is not None
    assert record.notice == (
        "it was written for api 1.7, and this cslib has 1.0: upgrade cslib if something is missing"
    )
    assert str(record).endswith(record.notice)


def test_of_a_slow_pack_the_record_says_how_long_it_took(shelf: Shelf) -> None:
    shelf.ship("spas", f"import time\ntime.sleep(0.05)\n{code_of('spas')}")
    shelf.ship("bars", "import time\ntime.sleep(0.05)\nraise OSError('no network')")

    records = found("spas", "bars")

    for record in records.values():
        assert record.seconds is not None
        assert record.seconds > 0.04
    assert " ms" in str(records["spas"])


def test_packs_of_one_name_are_none_of_them_in_force_and_each_names_all(shelf: Shelf) -> None:
    shelf.ship("hotels", distribution="acme-inns", version="1.0")
    shelf.ship("hotels", distribution="zeta-rooms", version="4.2")

    records = installed(only=["hotels"], exclude=())

    assert [record.distribution for record in records] == ["acme-inns", "zeta-rooms"]
    for record in records:
        assert record.error is not None
        assert record.error.phase is Phase.REGISTERED
        assert record.error.cause == (
            "acme-inns 1.0 and zeta-rooms 4.2 have this name, so none of them is in force: "
            "uninstall all but one"
        )


# What packages state of themselves


def test_entry_points_that_cannot_be_read_are_told_and_stop_no_other(shelf: Shelf) -> None:
    shelf.ship("hotels")
    shelf.describe("acme-torn", "0.1", f"[{GROUP}]\nno value here\n")

    records = installed(only=["hotels"], exclude=())

    torn, hotels = records
    assert hotels.pack is not None
    assert torn.error is not None
    assert str(torn).startswith(
        "a pack of acme-torn 0.1 could not be found: its entry points cannot be read: TypeError: "
    )


@pytest.mark.parametrize("torn", [False, True], ids=["alone", "beside a torn package"])
def test_of_a_package_that_is_there_twice_one_copy_counts(shelf: Shelf, torn: bool) -> None:
    if torn:
        shelf.describe("acme-torn", "0.1", f"[{GROUP}]\nno value here\n")
    shelf.ship("hotels", version="1.0")
    shelf.ship("hotels", version="0.9")

    records = [each for each in installed(only=["hotels"], exclude=()) if each.name == "hotels"]

    assert len(records) == 1
    assert records[0].pack is not None


@pytest.mark.parametrize("stated", [b"", b"\xff\xfe"])
def test_a_package_whose_metadata_cannot_be_read_is_told_as_such(
    shelf: Shelf, stated: bytes
) -> None:
    shelf.ship("hotels", "PACK = 5")
    (about,) = shelf.folder.glob("*.dist-info")
    (about / "METADATA").write_bytes(stated)

    assert str(error_of("hotels")).startswith("pack 'hotels' of a package without a name could not")


# Handed over


def test_packs_at_hand_come_by_name_without_a_package() -> None:
    spas, bars = (Pack(name=name, version="1", api="1.0") for name in ("spas", "bars"))

    records = handed_over([spas, bars])

    assert [(each.name, each.distribution, each.seconds) for each in records] == [
        ("bars", "", None),
        ("spas", "", None),
    ]


def test_packs_at_hand_of_one_name_are_refused_with_their_versions() -> None:
    one, other = (Pack(name="spas", version=version, api="1.0") for version in ("1", "2"))

    for record in handed_over([other, one]):
        assert record.error is not None
        assert record.error.cause == (
            "version 2 and version 1 have this name, so none of them is in force: give one of them"
        )
