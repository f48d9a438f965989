"""Logs on a real table service: one append at a time, and no change that goes unnoticed."""

import uuid
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest

from shared.chain import NewEntry, first_break
from shared.chained_log import ChainedLogs
from shared.errors import LogBrokenError
from shared.settings.storage import ConnectionString
from shared.storage import Row, Storage, Table
from shared.storage.table import RaceLostError
from tests.integration.sandbox.rivals import Rivals, at_once

pytestmark = pytest.mark.integration

T0 = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def rivals(azurite: str) -> Generator[Rivals]:
    rivals = Rivals(ConnectionString(value=azurite), prefix=f"t{uuid.uuid4().hex[:12]}")
    yield rivals
    rivals.close()


@pytest.fixture
def table(rivals: Rivals) -> Table:
    return rivals.storage().table("Log")


def logs_of(storage: Storage) -> ChainedLogs:
    return ChainedLogs(storage.table("Log"))


def append(logs: ChainedLogs, kind: str, *, guard: str | None = None) -> None:
    def attempt() -> None:
        logs.append(logs.read("R1"), [NewEntry(kind=kind)], at=T0, guard=guard)

    logs.settle(attempt)


def test_what_is_appended_is_read_back_in_order(table: Table) -> None:
    logs = ChainedLogs(table)
    assert logs.read("R1").entries == ()
    payload = {"text": "ä\u2028" * 20_000, "nested": {"list": [1, 2.5, None, True]}}
    written = logs.append(
        logs.read("R1"),
        [
            NewEntry(kind="a", level=1, round=2, actor="x@example.com", payload=payload),
            NewEntry(kind="b"),
        ],
        at=T0,
    )

    log = logs.read("R1")

    assert log.entries == written
    assert log.entries[0].payload == payload
    assert log.broken_at is None
    assert logs.read("R2").entries == ()


def test_an_append_after_something_else_was_appended_is_lost(table: Table) -> None:
    logs = ChainedLogs(table)
    stale = logs.read("R1")
    append(logs, "first")

    with pytest.raises(RaceLostError):
        logs.append(stale, [NewEntry(kind="late")], at=T0)

    assert [entry.kind for entry in logs.read("R1").entries] == ["first"]


def test_a_guard_is_used_once_and_then_nothing_is_written(table: Table) -> None:
    logs = ChainedLogs(table)
    logs.append(logs.read("R1"), [NewEntry(kind="first")], at=T0, guard="link/1")

    with pytest.raises(RaceLostError):
        logs.append(logs.read("R1"), [NewEntry(kind="again")], at=T0, guard="link/1")

    log = logs.read("R1")
    assert [entry.kind for entry in log.entries] == ["first"]
    assert log.guards == {"link/1"}


def test_processes_that_append_at_once_all_get_a_place_of_their_own(rivals: Rivals) -> None:
    books = [logs_of(rivals.storage()) for _ in range(12)]

    at_once([partial(append, book, f"k{number}") for number, book in enumerate(books)])

    log = books[0].read("R1")
    assert first_break("R1", log.entries) is None
    assert sorted(entry.kind for entry in log.entries) == sorted(f"k{n}" for n in range(12))


def test_one_of_many_that_follow_the_same_entry_goes_through(rivals: Rivals) -> None:
    books = [logs_of(rivals.storage()) for _ in range(12)]
    append(books[0], "opened")
    read = [book.read("R1") for book in books]

    def follow(number: int) -> bool:
        with suppress(RaceLostError):
            books[number].append(read[number], [NewEntry(kind="decided")], at=T0)
            return True
        return False

    won = at_once([partial(follow, number) for number in range(12)])

    assert won.count(True) == 1
    assert len(books[0].read("R1").entries) == 2


def tampered(table: Table, row_key: str, **changes: str | int) -> None:
    row = table.read("R1", row_key)
    assert row is not None
    table.put(row.changed(**changes))


def removed(table: Table, row_key: str) -> None:
    table.remove(Row(partition_key="R1", row_key=row_key))


TAMPERINGS: dict[str, Callable[[Table], None]] = {
    "actor": lambda table: tampered(table, "e:00000002", actor="other@example.com"),
    "payload": lambda table: tampered(table, "e:00000002", payload0='{"decision":"approve"}'),
    "instant": lambda table: tampered(table, "e:00000001", at="2029-01-01T00:00:00.000000+00:00"),
    "head": lambda table: tampered(table, "head", sequence=2),
    "head-hash": lambda table: tampered(table, "head", hash="0" * 64),
    "middle": lambda table: removed(table, "e:00000002"),
    "end": lambda table: removed(table, "e:00000003"),
    "no-head": lambda table: removed(table, "head"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_log_that_somebody_changed_is_not_decided_by(table: Table, tampering: str) -> None:
    logs = ChainedLogs(table)
    for kind in ("opened", "decided", "closed"):
        append(logs, kind)

    TAMPERINGS[tampering](table)

    assert logs.read_unchecked("R1").broken_at is not None
    with pytest.raises(LogBrokenError):
        logs.read("R1")
    with pytest.raises(LogBrokenError):
        append(logs, "more")


def test_a_row_is_removed_as_it_was_read_or_not_at_all(table: Table) -> None:
    table.put(Row(partition_key="p", row_key="r", fields={"n": 1}))
    read = table.read("p", "r")
    assert read is not None
    table.put(read.changed(n=2))

    assert table.remove(read) is False
    assert table.remove(Row(partition_key="p", row_key="r")) is True
    assert table.read("p", "r") is None
    assert table.remove(Row(partition_key="p", row_key="r")) is True
