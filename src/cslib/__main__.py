"""The command: ``python -m cslib review [FOLDER]``, and ``audit`` in the place of ``review``.

Exit codes: 0 where the book was reviewed whole; 1 where some of it could not be read or used, or
contradicts itself (it is listed, and the rest is reviewed); 2 where nothing could be reviewed: a
wrong option, a folder without tables, a rules file that is not valid; or where the report could not
be written (141 where its reader stopped).
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.resources
import io
import json
import os
import pathlib
import sys
from collections.abc import Collection, Sequence
from typing import TextIO

from cslib import cells, documents, report
from cslib.audit import Finding, audit_ledger
from cslib.books import BadRow, Reading, read_book
from cslib.errors import CslibError, suggestion
from cslib.layouts import TABLES, ReviewFile
from cslib.review import Review, review_book
from cslib.sheets import BookError

__all__ = ["main"]

SAMPLE_AS_OF = dt.date(2026, 6, 30)
"""The day up to which the sample book was made."""

_SHOWN_BAD_ROWS = 20
_AUDITED = ("contracts", "payments")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = _parser().parse_args(arguments)
    asked = {
        "as_of": options.as_of or (dt.date.today() if options.folder else SAMPLE_AS_OF),
        "known_at": options.known_at,
    }
    try:
        file = _review_file(options.rules)
        reading = _reading(options.folder, file, _AUDITED if options.command == "audit" else TABLES)
        book = reading.book
        found = (
            audit_ledger(book.contracts or (), book.payments, **asked)
            if options.command == "audit"
            else review_book(book, file.definitions, **asked)
        )
    except (CslibError, OSError) as error:
        print(f"cslib: {error}", file=sys.stderr)
        return 2
    if not isinstance(found, Review):
        return _audited(found, reading.bad)
    _print(options, reading, found)
    _print_bad_rows(reading.bad, at_most=_SHOWN_BAD_ROWS)
    _print_unknown_events(found)
    return 1 if reading.bad or found.faults or found.unknown_events else 0


def _audited(findings: Sequence[Finding], bad: Sequence[BadRow]) -> int:
    """Print what deserves a look; the exit code."""
    _lenient(sys.stdout)
    for finding in findings:
        print(finding)
    print(f"{len(findings):,} to look at")
    _print_bad_rows(bad)
    return 1 if findings or bad else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cslib", description="Customer-success logic, for a book of business."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    review = commands.add_parser(
        "review",
        help="review a book: stages, health, renewals, and what to do next",
        description="Review the book in FOLDER, or the sample book that ships with cslib.",
        epilog="Exit codes: 0 reviewed whole; 1 some of it was bad (listed); 2 nothing to review.",
    )
    review.add_argument("--json", action="store_true", help="print JSON for machines")
    review.add_argument(
        "--actions", type=_count, default=15, metavar="N", help="actions to list (default: 15)"
    )
    audit = commands.add_parser(
        "audit",
        help="list what in contracts and payments deserves a look before figures are made",
        description="Audit the contracts and payments in FOLDER, or those of the sample book.",
        epilog="Exit codes: 0 nothing found; 1 something was (listed); 2 nothing to audit.",
    )
    for command in (review, audit):
        _add_book(command)
    return parser


def _add_book(command: argparse.ArgumentParser) -> None:
    """The options that say which book is meant, and as of when."""
    command.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="holds any of accounts.csv, events.csv, contracts.csv, payments.csv",
    )
    command.add_argument(
        "--as-of",
        type=_date,
        metavar="DATE",
        help=f"up to when the book counts (default: today; of the sample book {SAMPLE_AS_OF})",
    )
    command.add_argument(
        "--known-at", type=_date, metavar="DATE", help="leave out what was recorded later"
    )
    command.add_argument(
        "--rules", metavar="FILE", help="your definitions and the layout of your files, as JSON"
    )


def _date(text: str) -> dt.date:
    try:
        return cells.day(text)
    except CslibError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, but got {text!r}")
    return int(text)


def _review_file(name: str | None) -> ReviewFile:
    if name is None:
        return ReviewFile()
    path = pathlib.Path(name)
    try:
        return documents.from_json(path.read_text(encoding="utf-8-sig"), ReviewFile)
    except UnicodeDecodeError as error:
        raise BookError(name, f"not readable as UTF-8: {error}") from None


def _reading(folder: str | None, file: ReviewFile, tables: Collection[str]) -> Reading:
    if folder is not None:
        return read_book(folder, file, tables=tables)
    sample = importlib.resources.files("cslib") / "sample"
    with importlib.resources.as_file(sample) as path:
        return read_book(path, file, tables=tables)


def _print(options: argparse.Namespace, reading: Reading, found: Review) -> None:
    if options.json:
        data = report.to_data(found, reading)
        print(json.dumps(data, indent=1, allow_nan=False))
        return
    title = options.folder or "the sample book"
    _lenient(sys.stdout)
    print(report.to_text(found, reading, title=title, actions=options.actions))


def _lenient(stream: TextIO) -> None:
    """Lets a terminal that lacks a letter show another in its place, and not fail."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _print_bad_rows(bad: Sequence[BadRow], *, at_most: int | None = None) -> None:
    if not bad:
        return
    _lenient(sys.stderr)
    number = "1 cell or row" if len(bad) == 1 else f"{len(bad):,} cells or rows"
    print(f"\n{number} could not be read or used:", file=sys.stderr)
    for row in bad[:at_most]:
        print(f"  {row}", file=sys.stderr)
    rest = 0 if at_most is None else len(bad) - at_most
    if rest > 0:
        print(f"  and {rest:,} more; --json lists them all", file=sys.stderr)


def _print_unknown_events(found: Review) -> None:
    if not found.unknown_events:
        return
    _lenient(sys.stderr)
    print("\nevents refused, since the lifecycle does not have them:", file=sys.stderr)
    for name, times in found.unknown_events.items():
        hint = suggestion(name, found.definitions.lifecycle.events)
        print(f"  {name!r} ({times:,}){hint}", file=sys.stderr)


def run() -> int:
    """Run the command as a program, whose output may fail: the reader stops, the disk is full."""
    try:
        code = main()
        print(end="", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing to flush at exit
        if isinstance(error, BrokenPipeError):  # the reader has seen enough
            return 141  # as a shell counts a broken pipe
        print(f"cslib: the report could not be written: {error}", file=sys.stderr)
        return 2
    return code


if __name__ == "__main__":
    sys.exit(run())
