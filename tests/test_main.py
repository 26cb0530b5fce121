"""The command: what it prints where, how it ends, and that bad data never end it in a traceback."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cslib.__main__ as command
from cslib.__main__ import main

ROOT = pathlib.Path(__file__).parents[1]
ACCOUNTS = "account,name,seats,seats_used\n"
GOOD = {"accounts": ACCOUNTS + "A1,Paper Crane,20,9\n"}
Fill = Callable[..., str]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> Fill:
    """Makes a folder that holds these tables, and gives its name."""

    def fill(**tables: str | bytes) -> str:
        for name, content in tables.items():
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / f"{name}.csv").write_bytes(data)
        return str(tmp_path)

    return fill


@pytest.fixture
def rules(tmp_path: pathlib.Path) -> Callable[[object], str]:
    """Writes a rules file, given as text, bytes or data, and gives its name."""

    def write(content: object) -> str:
        path = tmp_path / "rules.json"
        if not isinstance(content, str | bytes):
            content = json.dumps({"kind": "review", "version": 1, **dict(content)})  # type: ignore[call-overload]
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


# --- The sample


def test_without_a_folder_the_sample_is_reviewed(review_of_the_sample: Callable[..., Any]) -> None:
    printed = review_of_the_sample()

    assert printed.code == 0
    assert printed.out.startswith("Review of the sample book, as of 2026-06-30\n300 accounts,")
    for heading in ("Where they stand", "How they are", "Renewals in 2026-06", "What to do next"):
        assert heading in printed.out
    assert printed.err == ""


def test_the_sample_is_audited(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit"]) == 1

    *findings, total = capsys.readouterr().out.splitlines()
    assert total == f"{len(findings)} to look at"
    assert findings[0] == (
        "gap: $.contracts['A003-3']: starts 6 days after A003-2 ended on 2025-07-07"
    )


def test_an_audit_that_finds_nothing_ends_with_0_and_one_of_bad_rows_with_1(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "contract,account,start,end,annual_value,currency,signed_on\n"
    good = head + "C1,A1,2026-01-01,2027-01-01,1200,EUR,2026-01-01\n"

    assert main(["audit", folder(contracts=good), "--as-of", "2026-06-30"]) == 0
    assert main(["audit", folder(contracts=good + "C2,A1,soon,,1,EUR,\n")]) == 1
    assert "1 cell or row could not be read" in capsys.readouterr().err


def test_an_audit_lists_every_bad_row(folder: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    head = "contract,account,start,end,annual_value,currency,signed_on\n"
    rows = "".join(f"C{n},A1,soon,,1,EUR,\n" for n in range(30))

    assert main(["audit", folder(contracts=head + rows)]) == 1

    said = capsys.readouterr().err
    assert "30 cells or rows" in said
    assert said.count("'soon'") == 30
    assert "--json" not in said


def test_an_audit_reads_contracts_and_payments_alone(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "contract,account,start,end,annual_value,currency,signed_on\n"
    good = head + "C1,A1,2026-01-01,2027-01-01,1200,EUR,2026-01-01\n"

    assert main(["audit", folder(events=b"\xff\xfe", accounts=b"")]) == 2
    assert capsys.readouterr().err.endswith(
        "no table found; expected any of contracts.csv, payments.csv\n"
    )
    assert main(["audit", folder(contracts=good), "--as-of", "2026-06-30"]) == 0


def test_json_holds_the_whole_review(review_of_the_sample: Callable[..., Any]) -> None:
    printed = review_of_the_sample("--json")

    assert printed.code == 0
    data = json.loads(printed.out)
    assert len(data["accounts"]) == 300
    assert data["read"]["events"]["duplicates"] == 26
    assert data["bad"] == data["faults"] == []


# --- A folder


def test_a_book_may_be_reviewed_as_of_a_day_and_as_known_at_another(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    days = ["--as-of", "2025-12-31", "--known-at", "2025-12-30"]

    assert main(["review", folder(**GOOD), *days]) == 0

    assert "as of 2025-12-31, as known at 2025-12-30" in capsys.readouterr().out


def test_as_many_actions_are_listed_as_asked_for(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = "account,stage,nps\n" + "".join(f"A{n},in_use,3\n" for n in range(3))

    assert main(["review", folder(accounts=accounts), "--actions", "2"]) == 0

    printed = capsys.readouterr().out
    assert "\n   2. " in printed
    assert "\n   3. " not in printed


def test_a_good_folder_ends_with_0(folder: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    name = folder(**GOOD)

    assert main(["review", name, "--as-of", "2026-06-30"]) == 0

    printed = capsys.readouterr()
    assert printed.out.startswith(f"Review of {name}, as of 2026-06-30\n1 account\n")
    assert printed.err == ""


def test_a_folder_is_reviewed_as_of_today(
    folder: Fill, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Date(command.dt.date):
        @classmethod
        def today(cls) -> Date:
            return cls(2026, 2, 28)

    monkeypatch.setattr(command.dt, "date", Date)

    main(["review", folder(**GOOD)])

    assert "as of 2026-02-28" in capsys.readouterr().out


def test_bad_rows_end_with_1_and_are_listed_apart_from_the_report(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    name = folder(accounts=ACCOUNTS + 'A1,x,"1,200",9\nA2,y\n')

    assert main(["review", name]) == 1

    printed = capsys.readouterr()
    assert "not read or not used: 2 places" in printed.out
    assert "1,200" not in printed.out
    remedy = "expected a number such as 1200.50, without separators or units; taken as unknown"
    assert printed.err.splitlines()[1:] == [
        "2 cells or rows could not be read or used:",
        f"  accounts.csv, line 2, column 'seats': '1,200': {remedy}",
        "  accounts.csv, line 3: expected 4 cells, but got 2; the row is left out",
    ]


def test_of_many_bad_rows_the_first_are_listed_and_the_rest_counted(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    name = folder(accounts=ACCOUNTS + "A1,x,20\n" * 1_234)

    assert main(["review", name]) == 1

    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == "1,234 cells or rows could not be read or used:"
    assert len(lines) == 23
    assert lines[-1] == "  and 1,214 more; --json lists them all"


def test_bad_rows_are_part_of_the_json(folder: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", folder(accounts=ACCOUNTS + "A1,客户,many,9\n"), "--json"]) == 1

    data = json.loads(capsys.readouterr().out)
    remedy = "expected a number such as 1200.50, without separators or units; taken as unknown"
    assert data["bad"] == [
        {"file": "accounts.csv", "line": 2, "column": "seats", "value": "many", "remedy": remedy}
    ]
    assert data["accounts"][0]["name"] == "客户"


def test_contracts_that_contradict_one_another_end_with_1(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    contracts = "contract,account,start,end,annual_value,renews\n"
    contracts += "C1,A,2025-07-01,2026-07-01,5,C0\n"

    assert main(["review", folder(contracts=contracts), "--as-of", "2026-06-30"]) == 1

    assert "$.contracts['C1'].renews: no contract 'C0' is known" in capsys.readouterr().out


def test_events_that_the_lifecycle_does_not_have_end_with_1_and_are_named_once(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    events = "account,event,at\n" + "".join(f"A{n},sign,2026-06-01\n" for n in range(3))

    assert main(["review", folder(events=events), "--as-of", "2026-06-30"]) == 1

    assert capsys.readouterr().err.splitlines()[1:] == [
        "events refused, since the lifecycle does not have them:",
        "  'sign' (3): did you mean 'signed'?",
    ]


HEADERS = {
    "accounts": "account,seats,seats_used,nps,environment_ok,signed_on",
    "events": "event_id,account,event,at,recorded_at,environment_ok",
    "contracts": "contract,account,start,end,annual_value,currency,signed_on,renews,end_reason",
    "payments": "entry,contract,kind,on,amount,recorded_at",
}
ODD = [
    *(
        "",
        ",",
        ",,,,,",
        "A,B,C,D,E,F,G,H,I,J,K",
        '"A"',
        "\x00",
        "A\x1b[2J,,,,,",
        "-1,-1,-1,-1,-1,-1",
    ),
    *("A,9e999,9e999,nan,maybe,2026-02-30", "A,A,signed,9999-12-31,0001-01-01,true"),
    *(
        "A,A,signed,2026-01-01T00:00Z,2026-01-01,",
        "A,A,signed,2026-01-01,,\nB,A,x,2026-01-01T00Z,,",
    ),
    *("A,A,0001-01-01,9999-12-31,0,,,,", "A,A,2025-01-01,2026-01-01,1,XXX,,A,gone"),
    *("A,A,2025-01-01,2026-01-01,1.005,JPY,2026-01-01T00:00Z,B,closed", "A,A,due,0001-01-01,0,"),
    "A,?,refund,9999-12-31,99999999999999999999999999999999999,",
]


@pytest.mark.parametrize("table", HEADERS)
@pytest.mark.parametrize("day", ["2026-06-30", "0001-12-31", "9999-01-01"])
def test_no_row_ever_ends_in_a_traceback_and_json_stays_valid(
    folder: Fill, capsys: pytest.CaptureFixture[str], table: str, day: str
) -> None:
    tables = {name: f"{header}\n" for name, header in HEADERS.items()}
    tables["contracts"] += "A,A,2025-01-01,9999-12-31,100,EUR,,,\n"
    tables["events"] += "E,A,signed,2025-01-01,,\n"
    tables[table] += "".join(f"{row}\n{row}\n" for row in ODD)

    code = main(["review", folder(**tables), "--as-of", day, "--json"])

    printed = capsys.readouterr()
    assert code in (0, 1)
    assert json.loads(printed.out)["as_of"] == day
    assert "\x1b" not in printed.out + printed.err


CELLS = st.one_of(
    st.sampled_from(["", "A", "B", "signed", "kick_off", "due", "paid", "refund", "true", "EUR"]),
    st.sampled_from(["2025-06-01", "2026-06-01", "2026-06-30", "2026-06-30T09:00Z", "9999-12-31"]),
    st.sampled_from(["0", "5", "-5", "1200.50", "1e3", "closed", "rescinded", "churned"]),
    st.text(max_size=3),
)


def table(header: str) -> st.SearchStrategy[str]:
    """A table of this header, of rows in which anything may stand."""
    names = header.split(",")

    def written(rows: list[list[str]]) -> str:
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows([names, *rows])
        return stream.getvalue()

    size = len(names)
    return st.lists(st.lists(CELLS, min_size=size, max_size=size), max_size=6).map(written)


@settings(max_examples=60)
@given(st.fixed_dictionaries({name: table(header) for name, header in HEADERS.items()}))
def test_whatever_stands_in_the_tables_they_are_reviewed(tables: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for table_name, text in tables.items():
            path = pathlib.Path(name) / f"{table_name}.csv"
            path.write_text(text, encoding="utf-8", newline="")
        printed, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            code = main(["review", name, "--as-of", "2026-06-30", "--json"])

    assert code in (0, 1)
    data = json.loads(printed.getvalue())
    assert bool(data["bad"] or data["faults"]) is (code == 1)
    for counts in data["read"].values():
        assert counts["rows"] == counts["used"] + counts["duplicates"] + counts["left_out"]


# --- Nothing to review


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What stands on standard error where the command ends with 2 and prints nothing."""
    try:
        code: Any = main(arguments)
    except SystemExit as exit_:
        code = exit_.code
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    return printed.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("revue",), "invalid choice: 'revue'"),
        (("review", "--as-of", "30.6.2026"), "expected a date such as 2026-06-30, but got"),
        (("review", "--as-of", "2026-02-30"), "expected a date such as 2026-06-30, but got"),
        (("review", "--as-of", "20260630"), "expected a date such as 2026-06-30, but got"),
        (("review", "--known-at", "today"), "expected a date such as 2026-06-30, but got"),
        (("review", "--actions", "-1"), "expected a whole number of 0 or more, but got '-1'"),
        (("review", "--actions", "many"), "expected a whole number of 0 or more, but got 'many'"),
        (("review", "--as-of", "0001-01-01"), "cslib: expected a result from 0001-01-01"),
        (("review", "--as-of", "9999-12-31"), "cslib: expected a result from 0001-01-01"),
        (("review", "nowhere"), "cslib: nowhere: expected a folder, but there is none"),
        (("review", "--rules", "nowhere.json"), "cslib: [Errno 2] No such file or directory"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str
) -> None:
    assert problem in refused(capsys, *arguments)


def test_a_folder_without_tables_ends_with_2(
    folder: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no table found; expected any of accounts.csv" in refused(capsys, "review", folder())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "accounts.csv: the file is empty"),
        (b"acount\nA\n", "no column 'account': did you mean 'acount'?"),
        (b"account,account\n", "names 'account' 2 times"),
        ("account\nå\n".encode("latin-1"), "line 2 is not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_ends_with_2(
    folder: Fill, capsys: pytest.CaptureFixture[str], content: bytes, problem: str
) -> None:
    assert problem in refused(capsys, "review", folder(accounts=content))


PLAYBOOK = {"name": "p", "need": "n", "layer": "service", "entry": "seats == 'x'"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "expected JSON, but at line 1, column 2"),
        (b"\xff\xfe", "not readable as UTF-8"),
        ('{"kind": "scorecard", "version": 1}', "$.kind: expected 'review', but got 'scorecard'"),
        ('{"kind": "review", "version": 9}', "version 9 is too new"),
        ({"playboks": {}}, "$.playboks: unknown key 'playboks': did you mean 'playbooks'?"),
        ({"tables": {"account": {}}}, "unknown table 'account': did you mean 'accounts'?"),
        (
            {"playbooks": {"name": "l", "playbooks": [PLAYBOOK]}},
            "$.playbooks.playbooks[0].entry: needs 'seats' to be text, but",
        ),
        (
            {"playbooks": {"name": "l", "playbooks": [{**PLAYBOOK, "entry": "seats >"}]}},
            "$.playbooks.playbooks[0].entry",
        ),
    ],
)
def test_a_rules_file_that_is_not_valid_ends_with_2_and_says_where(
    rules: Callable[[object], str],
    capsys: pytest.CaptureFixture[str],
    content: object,
    problem: str,
) -> None:
    assert problem in refused(capsys, "review", "--rules", rules(content))


def test_own_rules_take_the_place_of_the_stock_ones(
    folder: Fill, rules: Callable[[object], str], capsys: pytest.CaptureFixture[str]
) -> None:
    playbook = {**PLAYBOOK, "entry": "seats < 50", "name": "grow"}
    own = rules({"playbooks": {"name": "l", "playbooks": [playbook]}})

    assert main(["review", folder(**GOOD), "--rules", own]) == 0

    assert "1. A1 Paper Crane: grow (service, 0 h)" in capsys.readouterr().out


def test_a_rule_that_the_data_do_not_fit_ends_with_2(
    folder: Fill, rules: Callable[[object], str], capsys: pytest.CaptureFixture[str]
) -> None:
    playbook = {**PLAYBOOK, "entry": "renewed_on > limit"}
    own = rules({"playbooks": {"name": "l", "playbooks": [playbook]}})
    name = folder(accounts="account,renewed_on,limit\nA1,2026-01-01,5\n")

    assert "cslib: fact" in refused(capsys, "review", name, "--rules", own)


# --- As a program


def program(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "cslib", *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        **options,
    )


def test_the_program_ends_with_the_code_of_the_command(folder: Fill) -> None:
    assert program("review", folder(**GOOD)).returncode == 0
    assert program("review", "nowhere").returncode == 2


def test_a_terminal_that_lacks_letters_shows_others_in_their_place() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}

    run = program("review", env=environment)

    assert run.returncode == 0
    assert "Where they stand" in run.stdout
    assert run.stderr == ""


def test_a_reader_who_has_seen_enough_is_told_nothing_more() -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "cslib", "review", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.read(1)
    run.stdout.close()
    said = run.stderr.read()
    run.stderr.close()

    assert (run.wait(), said) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the disk that is always full")
@pytest.mark.parametrize("option", ["--actions=1", "--json"])
def test_a_full_disk_is_told_in_one_line(option: str) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        run = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "cslib", "review", option],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            encoding="utf-8",
        )

    problem = "cslib: the report could not be written: [Errno 28] No space left on device\n"
    assert (run.returncode, run.stderr) == (2, problem)


def test_an_audit_whose_reader_has_seen_enough_is_no_audit_of_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())

    with pytest.raises(BrokenPipeError):
        main(["audit"])


def test_run_tells_that_the_report_could_not_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> int:
        raise OSError("no space left")

    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        monkeypatch.setattr(sys, "stdout", nowhere)
        monkeypatch.setattr(command, "main", full)

        assert command.run() == 2
    assert capsys.readouterr().err == "cslib: the report could not be written: no space left\n"


def test_run_ends_as_the_command_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "main", lambda: 1)

    assert command.run() == 1
    assert capsys.readouterr().out == ""


def test_run_is_quiet_about_a_broken_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> int:
        raise BrokenPipeError

    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        monkeypatch.setattr(sys, "stdout", nowhere)
        monkeypatch.setattr(command, "main", broken)

        assert command.run() == 141


def test_a_stream_that_is_no_terminal_is_left_as_it_is(
    folder: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)

    assert main(["review", folder(**GOOD)]) == 0

    assert "How they are" in stream.getvalue()


@pytest.mark.parametrize("rules_file", sorted((ROOT / "examples" / "rules").glob("*.json")))
def test_every_example_of_a_rules_file_is_valid(
    rules_file: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("review", str(tmp_path), "--rules", str(rules_file))

    assert "the file of table" in refused(capsys, *arguments)
