"""A log of columns is cut, ordered and rid of duplicates as the logs of its accounts are."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lifecycles
from cslib import logcolumns
from cslib.logcolumns import LogColumns, OrderedLog, column_of, entry, names_in, positions
from cslib.logs import Event, counted, log_of
from cslib.tables import ColumnsError
from event_columns import columns_of, objects

EVENTS = lifecycles.EVENTS
D = dt.date(2026, 3, 1)
DAYS = np.array([D, D, D], "datetime64[D]")


@given(st.data())
def test_a_log_of_columns_is_the_logs_of_its_accounts_one_after_another(
    data: st.DataObject,
) -> None:
    definition = data.draw(lifecycles.definitions(timed=False))
    log = data.draw(lifecycles.logs(definition, accounts=("b", "a", "c")))
    as_of, known_at = data.draw(lifecycles.moments()), data.draw(st.none() | lifecycles.moments())
    columns = LogColumns.read(**columns_of(log), events=definition.events)

    ordered = OrderedLog.of(columns, columns.counted(as_of, known_at))

    by_account = defaultdict(list)
    for event in log:
        by_account[event.account].append(event)
    expected = [
        event
        for _, own in sorted(by_account.items())
        for event in log_of(counted(own, as_of=as_of, known_at=known_at), definition.chart.places)
    ]
    kept = np.delete(np.arange(ordered.size), ordered.duplicates)
    found = [columns.event_in(row) for row in ordered.row(kept).tolist()]
    assert found == expected
    every = counted(log, as_of=as_of, known_at=known_at)
    assert ordered.duplicates.size == len(every) - len(expected)


def test_names_that_share_a_hash_are_told_apart() -> None:
    def all_alike(column: object) -> object:
        values = column.values  # type: ignore[attr-defined]
        return np.zeros(values.size, np.int64), values != values[0]

    with mock.patch.object(logcolumns, "numbered", all_alike):
        log = LogColumns.read(["b", "a", "c"], ["go", "stop", "zap"], DAYS, events=EVENTS)

    assert log.ids.tolist() == ["a", "b", "c"]
    assert log.account.tolist() == [1, 0, 2]
    assert [log.names[code] for code in log.event] == ["go", "stop", "zap"]


@pytest.mark.parametrize(
    "accounts",
    [
        np.array([-128, 127, -128], np.int8),
        np.array([2**63 + 1, 2**63, 2**63 + 1], np.uint64),
        np.array([2**62, 0, 2**62]),
        np.array(["b", "a", "b"]),
        objects(["b", "a", "b"]),
        np.ma.array([3, 1, 3], mask=[False, False, False]),
    ],
)
def test_ids_of_any_kind_are_numbered_in_their_order(accounts: np.ndarray) -> None:
    log = LogColumns.read(accounts, [0, 0, 0], DAYS, events=EVENTS)

    assert log.ids.tolist() == sorted(set(accounts.tolist()))
    assert log.ids[log.account].tolist() == accounts.tolist()


def test_runs_of_one_account_are_numbered_together() -> None:
    log = LogColumns.read(["b"] * 5 + ["a"] * 5, [0] * 10, np.repeat(DAYS[:1], 10), events=EVENTS)

    assert log.account.tolist() == [1] * 5 + [0] * 5


def test_instants_of_a_coarser_unit_are_instants() -> None:
    log = LogColumns.read(["a"] * 3, [0] * 3, DAYS.astype("M8[h]"), events=EVENTS)

    assert log.event_in(0).at == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_a_masked_moment_is_missing() -> None:
    at = np.ma.array(DAYS, mask=[False, True, False])

    with pytest.raises(ColumnsError, match=r"at\[1\] is None"):
        LogColumns.read(["a"] * 3, [0] * 3, at, events=EVENTS)
    log = LogColumns.read(["a"] * 3, [0] * 3, DAYS, events=EVENTS, recorded_at=at)
    assert [log.event_in(row).recorded_at for row in range(3)] == [D, None, D]


def test_a_column_of_none_says_nothing_of_when_it_was_recorded() -> None:
    log = LogColumns.read(["a"] * 3, [0] * 3, DAYS, events=EVENTS, recorded_at=[None] * 3)

    assert log.event_in(0).recorded_at is None


def test_a_missing_id_is_none() -> None:
    for ids in (objects(["e", None, float("nan")]), np.ma.array(["e", "", ""], mask=[0, 1, 1])):
        log = LogColumns.read(["a"] * 3, [0] * 3, DAYS, events=EVENTS, id=ids)
        assert [log.event_in(row).id for row in range(3)] == ["e", None, None]
        assert OrderedLog.of(log, None).duplicates.size == 1


def test_an_account_with_two_contents_of_one_id_is_named() -> None:
    at = DAYS + np.arange(3)
    log = LogColumns.read(["b", "a", "b"], [0] * 3, at, events=EVENTS, id=["e", "e", "e"])

    assert OrderedLog.of(log, None).conflicts.tolist() == [1]


def test_a_conflict_is_found_among_other_ids_of_its_account() -> None:
    at = DAYS + np.arange(3)
    log = LogColumns.read(["a"] * 3, [0] * 3, at, events=EVENTS, id=["z", "e", "z"])

    assert OrderedLog.of(log, None).conflicts.tolist() == [0]


def test_what_counts_happened_by_then_and_was_known_by_then() -> None:
    at = DAYS + np.arange(3)
    log = LogColumns.read(["a"] * 3, [0] * 3, at, events=EVENTS)
    early, late = D + dt.timedelta(days=1), D + dt.timedelta(days=9)

    assert log.counted(late, None) is None
    for as_of, known_at in ((early, None), (late, early), (early, late)):
        counts = log.counted(as_of, known_at)
        assert counts is not None
        assert counts.tolist() == [0, 1]


def test_a_payload_tells_two_events_of_a_moment_apart() -> None:
    payload = {"n": np.array([2.0, 1.0, 2.0])}
    log = LogColumns.read(["a"] * 3, [0] * 3, DAYS, events=EVENTS, payload=payload)

    ordered = OrderedLog.of(log, None)

    assert ordered.row(np.arange(2)).tolist() == [1, 0]
    assert ordered.duplicates.tolist() == [2]


def test_an_entry_is_what_a_record_has() -> None:
    assert entry(np.ma.array([1, 2], mask=[False, True]), 1) is None
    assert entry(np.array(["NaT"], "M8[us]"), 0) is None
    assert entry(np.array(["2026-03"], "M8[M]"), 0) == D
    assert entry(np.array([[1, 2]]), 0) == [1, 2]
    assert type(entry(np.array([1.5]), 0)) is float
    assert entry(objects([("x",)]), 0) == ("x",)


def test_nobody_is_found_among_no_ids() -> None:
    assert positions(np.array([], str), np.array(["a"])).tolist() == [-1]
    assert names_in("account", np.array([])).size == 0


def test_a_mapping_is_no_column() -> None:
    with pytest.raises(ColumnsError, match="account: expected a column, but got"):
        column_of("account", {"a": 1})  # type: ignore[arg-type]


def test_two_equal_rows_without_ids_are_one_event() -> None:
    log = LogColumns.read(["a"] * 3, ["zap", "zip", "zap"], DAYS, events=EVENTS)

    ordered = OrderedLog.of(log, None)

    assert ordered.row(np.arange(3)).tolist() == [0, 2, 1]
    assert ordered.duplicates.tolist() == [1]
    assert log.event_in(1) == Event(account="a", name="zip", at=D)


def test_tied_payloads_without_ids_stand_in_the_order_of_the_log_whatever_is_missing() -> None:
    payloads = ({"auto": True, "plan": "pro"}, {"by": "x", "plan": "free", "seats": 5})
    given = [Event(account="a", name="go", at=D, payload=each) for each in payloads]
    names = ("auto", "by", "plan", "seats")
    payload = {name: objects([each.get(name) for each in payloads]) for name in names}
    columns = LogColumns.read(["a", "a"], ["go", "go"], DAYS[:2], events=EVENTS, payload=payload)

    ordered = OrderedLog.of(columns, None)

    found = [columns.event_in(row) for row in ordered.row(np.arange(2)).tolist()]
    assert found == log_of(given, {"go": 0})


class NAType:
    """As that of pandas, which is neither like nor unlike itself."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __ne__(self, other: object) -> NAType:  # type: ignore[override]
        return self


@pytest.mark.parametrize("given", [objects([NAType()]), np.array([np.nan])])
def test_a_column_of_ids_may_hold_none_at_all(given: object) -> None:
    log = LogColumns.read(["a"], ["go"], DAYS[:1], events=EVENTS, id=given)  # type: ignore[arg-type]

    assert log.event_in(0).id is None


def test_an_empty_log_has_an_empty_column_of_ids() -> None:
    assert LogColumns.read([], [], DAYS[:0], events=EVENTS, id=[]).at.size == 0


def test_a_payload_that_is_no_columns_by_name_is_refused() -> None:
    with pytest.raises(ColumnsError, match="expected columns by name, but got a list of 1; of a"):
        LogColumns.read(["a"], ["go"], DAYS[:1], events=EVENTS, payload=[1])  # type: ignore[arg-type]
