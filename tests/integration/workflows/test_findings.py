"""The watchdog's books on real tables: rivals, and a host that dies in between."""

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.operations.findings import FINDINGS_TABLE, Finding, FindingKind, FindingsBoard
from shared.operations.types import TYPES
from shared.settings.storage import ConnectionString
from shared.storage import Storage
from tests.support.management import NOW, MemoryManagement, Status
from tests.support.watchdogs import LIMITS, Letters, Time
from workflows.management.gateways import Outside
from workflows.management.runs import RUNS_TABLE, RunBook
from workflows.management.watchdog import Watchdog, Watched

pytestmark = pytest.mark.integration

FINDING = Finding(
    instance_id="order-1",
    type="order",
    kind=FindingKind.PENDING_TOO_LONG,
    reason="Pending since 11:00: no host has taken it (UTC).",
    since=NOW,
    reported_at=NOW,
)


@pytest.fixture
def storage(azurite: str) -> Generator[Storage]:
    with Storage(ConnectionString(value=azurite), prefix=f"t{uuid4().hex[:12]}") as storage:
        yield storage


def test_of_many_hosts_that_note_a_finding_one_is_the_first(storage: Storage) -> None:
    boards = [FindingsBoard(storage.table(FINDINGS_TABLE)) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        notes = [pool.submit(board.note, FINDING) for board in boards]

    assert sorted(note.result() for note in notes) == [False] * 5 + [True]
    assert list(boards[0].open()) == [FINDING]

    boards[0].close(FINDING, at=NOW)
    assert list(boards[1].open()) == []
    assert not boards[1].note(FINDING)
    assert list(boards[2].open()) == [FINDING]
    boards[2].close(FINDING, at=NOW)
    assert boards[0].forget(before=NOW + timedelta(days=1), most=5) == 1


def test_of_many_hosts_one_looks_around_and_tells_of_each_finding_once(storage: Storage) -> None:
    management = MemoryManagement()
    for number in range(5):
        management.add(f"order-{number}", runtime_status=Status.Pending)
    letters = Letters()

    def watch(minute: int) -> Watched | None:
        watchdog = Watchdog(
            management=management,
            types=TYPES,
            outside=Outside(
                board=FindingsBoard(storage.table(FINDINGS_TABLE)),
                runs=RunBook(table=storage.table(RUNS_TABLE)),
                letters=letters,
                recipient="operators@example.com",
            ),
            limits=LIMITS,
            clock=Time(at=NOW + timedelta(minutes=minute)),
        )
        return asyncio.run(watchdog.watch())

    with ThreadPoolExecutor(4) as pool:
        found = [run.found for run in pool.map(watch, [0] * 4) if run is not None]
    again = watch(1)

    assert sum(found) == 5
    assert again is not None
    assert (again.found, again.closed) == (0, 0)
    assert letters.puts == 1
