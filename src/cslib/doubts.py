"""Doubts: what a row that was left out may concern.

A contract or payment that cannot be used may be the very one that renewed another, or paid for it.
So what hangs on it is held as unclear, and never as lost: of those that the row names, or of
everyone where it names nobody. A row of empty cells says nothing and puts nothing in doubt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cslib.renewal import Contract
from cslib.sheets import Row, Sheet

__all__ = [
    "ragged_row",
    "said",
    "unread_accounts",
    "unread_cash",
]


def ragged_row(line: int, cells: Sequence[str]) -> Row:
    """A row that does not fit the header: no column has its cells, so each goes by its place."""
    return Row(line, {f"{_RAGGED}{place}": text for place, text in enumerate(cells) if text})


_RAGGED = "\n"  # which no name in a header begins with


def said(sheet: Sheet, row: Row) -> Row:
    """The row with what its own line says: a constant, or its number, says nothing of it."""
    texts = {
        name: text
        for name, text in row.texts.items()
        if name in sheet.names or name.startswith(_RAGGED)
    }
    return Row(row.line, texts)


def unread_accounts(sheets: Mapping[str, Sheet], left_out: Iterable[Row]) -> frozenset[str]:
    """The accounts that a contract left out may belong to, by any id that it names.

    Args:
        sheets: The tables that are there, by our names.
        left_out: What is :func:`said` in the rows of the contracts that were left out.

    Returns:
        The accounts; where a row names nobody, all that any table names.
    """
    owners = _owners(sheets.get("contracts"))
    everyone = {
        row.texts["account"]
        for sheet in sheets.values()
        for row in sheet.rows
        if "account" in row.texts
    }
    found: set[str] = set()
    for row in left_out:
        names = _names(row, ("account", "contract", "renews"))
        named = {account for name in names & owners.keys() for account in owners[name]}
        found |= _meant(named | names & everyone, everyone, row)
    return frozenset(found)


def _owners(contracts: Sheet | None) -> Mapping[str, set[str]]:
    """The accounts of each contract, also of those that were left out."""
    owners: dict[str, set[str]] = defaultdict(set)
    for row in contracts.rows if contracts else ():
        if "contract" in row.texts and "account" in row.texts:
            owners[row.texts["contract"]].add(row.texts["account"])
    return owners


def unread_cash(contracts: Iterable[Contract], left_out: Iterable[Row]) -> frozenset[str]:
    """The contracts that a payment left out may belong to.

    Args:
        contracts: The contracts of the book.
        left_out: What is :func:`said` in the rows of the payments that were left out.

    Returns:
        Ids of contracts of the book; where a row names none at all, those of all.
    """
    known = {contract.contract for contract in contracts}
    found: set[str] = set()
    for row in left_out:
        if "contract" in row.texts:
            found |= {row.texts["contract"]} & known
        else:
            found |= _meant(_names(row, ()) & known, known, row)
    return frozenset(found)


def _names(row: Row, columns: Sequence[str]) -> set[str]:
    """What a row says in these columns; all that it says, where it does not fit the header.

    Of a cell that names several contracts, each.
    """
    texts = (t for name, t in row.texts.items() if name in columns or name.startswith(_RAGGED))
    return {name.strip() for text in texts for name in (text, *text.split(";"))}


def _meant(found: set[str], everyone: set[str], row: Row) -> set[str]:
    """Those found; where none are, and the row says something at all, everyone."""
    return found or (everyone if row.texts else set())
