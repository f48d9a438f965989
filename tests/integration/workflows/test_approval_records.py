"""Approvals on a real table service: rivals in the same instant, the inbox, links, lost pokes."""

import asyncio
import uuid
from collections.abc import Generator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

import pytest

from shared.chain import first_break
from shared.chained_log import ChainedLogs
from shared.models import JsonObject
from shared.principal import digest_of_address
from shared.settings.storage import ConnectionString
from shared.signed_links import LinkClaims
from shared.storage import Storage
from shared.stored_requests import StoredRequests
from tests.integration.sandbox.rivals import Rivals, at_once
from tests.support.approvals import (
    BOSS,
    FIRST,
    SECOND,
    T0,
    THIRD,
    a_level,
    a_request,
    somebody,
)
from tests.support.clients import MemoryClient
from workflows.approval import desk, names
from workflows.approval.decisions import Decide, Delegate, Refusal
from workflows.approval.desk import Taken, sweep, take, take_by_link
from workflows.approval.entries import Decided
from workflows.approval.models import Advance, ApprovalRequest, Choice, Step
from workflows.approval.records import Approvals, Recorded, RecordedBefore

pytestmark = pytest.mark.integration

APPROVE = Decided(decision=Choice.APPROVE)
REJECT = Decided(decision=Choice.REJECT)
TWO_DAYS = timedelta(days=2)
ROUNDS = 12


def book_of(storage: Storage) -> Approvals:
    return Approvals(
        requests=StoredRequests(storage.table(names.REQUESTS_TABLE)),
        logs=ChainedLogs(storage.table(names.LOG_TABLE)),
        ruling=lambda _: None,
        inbox=storage.table(names.INBOX_TABLE),
        pokes=storage.table(names.POKES_TABLE),
    )


@pytest.fixture
def rivals(azurite: str) -> Generator[Rivals]:
    rivals = Rivals(ConnectionString(value=azurite), prefix=f"t{uuid.uuid4().hex[:12]}")
    yield rivals
    rivals.close()


@pytest.fixture
def book(rivals: Rivals) -> Approvals:
    return book_of(rivals.storage())


def kept(book: Approvals, body: JsonObject) -> str:
    """Keep a request and ask its first level."""
    request = ApprovalRequest.from_json(body)
    book.requests.keep(
        request.request_id, body=request.to_json(), contact=request.requester, now=T0
    )
    book.requests.mark_started(request.request_id)
    advance(book, request.request_id, at=T0)
    return request.request_id


def advance(book: Approvals, request_id: str, *, at: datetime, seen: int = 0) -> Step:
    return book.advance(Advance(request_id=request_id, seen=seen, now=at))


def decide(book: Approvals, request_id: str, who: str, decided: Decided = APPROVE) -> str:
    match book.record(
        book.read(request_id), Decide(level=1, decided=decided), somebody(who), at=T0
    ):
        case Refusal(code=code):
            return code
        case RecordedBefore():
            return "repeated"
        case Recorded():
            return "recorded"


def test_a_decision_in_the_instant_of_the_timeout_has_one_winner(rivals: Rivals) -> None:
    people, clock = book_of(rivals.storage()), book_of(rivals.storage())
    outcomes = set[str]()
    for number in range(ROUNDS):
        request_id = kept(people, a_request(request_id=f"R{number}"))

        def decides(request_id: str = request_id) -> str:
            return decide(people, request_id, FIRST)

        def times_out(request_id: str = request_id) -> str:
            return advance(clock, request_id, at=T0 + TWO_DAYS).status

        word, _ = at_once([decides, times_out])

        status = advance(clock, request_id, at=T0 + TWO_DAYS).status
        log = people.read(request_id).log
        assert first_break(request_id, log.entries) is None
        assert (word, status) in {("recorded", "approved"), ("request_closed", "expired")}
        assert [entry.kind for entry in log.entries].count("closed") == 1
        outcomes.add(status)
    assert outcomes


def test_of_many_decisions_at_once_one_counts_and_the_others_are_told(rivals: Rivals) -> None:
    approvers = [f"a{number}@example.com" for number in range(20)]
    books = [book_of(rivals.storage()) for _ in range(4)]
    request_id = kept(books[0], a_request(a_level(*approvers)))

    words = at_once(
        [
            partial(decide, books[number % 4], request_id, who, (APPROVE, REJECT)[number % 2])
            for number, who in enumerate(approvers)
        ]
    )

    assert sorted(words) == ["already_decided"] * 19 + ["recorded"]


def test_the_inbox_holds_what_waits_and_forgets_what_does_not(book: Approvals) -> None:
    kept(book, a_request(a_level(FIRST, SECOND), request_id="A"))
    kept(book, a_request(a_level(FIRST), a_level(SECOND), request_id="B"))
    assert waiting(book, FIRST) == ["A", "B"]
    assert waiting(book, SECOND) == ["A"]

    decide(book, "A", FIRST)
    decide(book, "B", FIRST)
    advance(book, "B", at=T0)

    assert waiting(book, FIRST) == []
    assert waiting(book, SECOND) == ["B"]


def test_the_inbox_follows_who_stands_in(book: Approvals) -> None:
    request_id = kept(book, a_request(a_level(FIRST)))
    book.record(book.read(request_id), Delegate(to=THIRD), somebody(FIRST), at=T0)
    advance(book, request_id, at=T0)

    assert waiting(book, FIRST) == []
    assert waiting(book, THIRD) == [request_id]


def test_an_inbox_is_read_up_to_a_limit(book: Approvals) -> None:
    for number in range(3):
        kept(book, a_request(a_level(FIRST), request_id=f"R{number}"))

    assert len(book.waiting_for(FIRST, most=2)) == 2


def waiting(book: Approvals, who: str) -> list[str]:
    return [dossier.request_id for dossier in book.waiting_for(who, most=100)]


class Runtime(MemoryClient):
    """A runtime with one running instance, which notes events and can be out of reach."""

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.put(names.instance_of(request_id))
        self.events: list[str] = []
        self.is_away = False

    async def raise_event(self, instance_id: str, event_name: str, event_data: Any = None) -> None:
        if self.is_away:
            raise Exception("out of reach")  # noqa: TRY002 - the SDK raises it bare
        assert instance_id in self.instances
        del event_data
        self.events.append(event_name)


@pytest.fixture
def runtime(book: Approvals, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """R1 is kept and asked of two levels, and its instance runs."""
    kept(book, a_request(a_level(FIRST, SECOND, policy="all"), a_level(BOSS)))
    monkeypatch.setattr(desk, "approvals", lambda: book)
    return Runtime("R1")


def swept(runtime: Any) -> int:
    return asyncio.run(sweep(runtime))


def taken(runtime: Any, who: str, decided: Decided = APPROVE, *, level: int = 1) -> Taken | Refusal:
    command = Decide(level=level, decided=decided)
    return asyncio.run(take(runtime, "R1", command, somebody(who)))


def test_a_decision_wakes_whoever_waits_for_the_next_entry(
    runtime: Runtime, book: Approvals
) -> None:
    taken(runtime, FIRST)
    taken(runtime, SECOND)

    assert runtime.events == ["approval:R1:1:1:3", "approval:R1:1:1:4"]
    assert list(book.unpoked()) == []


def test_what_nobody_was_woken_for_is_noted_and_swept(runtime: Runtime, book: Approvals) -> None:
    runtime.is_away = True
    outcome = taken(runtime, FIRST)
    taken(runtime, SECOND)
    assert isinstance(outcome, Taken)
    assert len(list(book.unpoked())) == 2

    runtime.is_away = False
    assert swept(runtime) == 2

    assert {"approval:R1:1:1:3", "approval:R1:1:1:4"} == set(runtime.events)


def test_a_log_that_somebody_changed_keeps_no_other_from_its_people(
    runtime: Runtime, book: Approvals, rivals: Rivals
) -> None:
    kept(book, a_request(a_level(FIRST), request_id="R0"))
    runtime.put("approval-R0")
    runtime.is_away = True
    taken(runtime, FIRST)
    asyncio.run(take(cast("Any", runtime), "R0", Decide(level=1, decided=APPROVE), somebody(FIRST)))
    runtime.is_away = False
    table = rivals.storage().table(names.LOG_TABLE)
    row = table.read("R0", "e:00000003")
    assert row is not None
    table.put(row.changed(actor=BOSS))

    swept(runtime)

    assert runtime.events == ["approval:R1:1:1:3"]
    assert waiting(book, SECOND) == ["R1"]
    assert waiting(book, FIRST) == []


def test_a_note_is_kept_until_whoever_wrote_it_is_done_or_dead(
    runtime: Runtime, book: Approvals, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.is_away = True
    taken(runtime, FIRST)
    runtime.is_away = False
    swept(runtime)
    assert len(list(book.unpoked())) == 1

    class Later:
        def now(self) -> datetime:
            return datetime.fromisoformat("2100-01-01T00:00:00+00:00")

    monkeypatch.setattr(desk, "system_clock", Later)
    swept(runtime)

    assert list(book.unpoked()) == []


def test_what_the_orchestration_has_written_after_is_seen(book: Approvals) -> None:
    request_id = kept(book, a_request(a_level(FIRST, SECOND, policy="all"), a_level(BOSS)))
    decide(book, request_id, FIRST)
    assert book.pokes_of(request_id) == ("approval:R1:1:1:3",)
    decide(book, request_id, SECOND)
    assert book.pokes_of(request_id) == ("approval:R1:1:1:3", "approval:R1:1:1:4")

    advance(book, request_id, at=T0)

    assert book.pokes_of(request_id) == ()


@pytest.mark.parametrize("runtime_status", ["Terminated", "Failed", "Suspended"])
def test_a_workflow_that_was_stopped_takes_no_decisions(
    runtime: Runtime, book: Approvals, runtime_status: str
) -> None:
    runtime.put("approval-R1", runtimeStatus=runtime_status)

    outcome = taken(runtime, FIRST)

    assert isinstance(outcome, Refusal)
    assert outcome.code == "not_active"
    assert len(book.read("R1").log.entries) == 2


def claims_for(who: str, *, level: int = 1, round_: int = 1) -> LinkClaims:
    return LinkClaims.of(
        "approval-R1",
        level=level,
        round_=round_,
        approver=digest_of_address(who),
        expires_at=T0 + TWO_DAYS,
    )


def by_link(runtime: Any, claims: LinkClaims, decided: Decided = APPROVE) -> str:
    match asyncio.run(take_by_link(runtime, claims, decided)):
        case Taken(is_new=is_new):
            return "recorded" if is_new else "repeated"
        case refusal:
            return refusal.code


def test_a_link_decides_once(runtime: Runtime, book: Approvals) -> None:
    assert by_link(runtime, claims_for(FIRST)) == "recorded"
    assert by_link(runtime, claims_for(FIRST)) == "repeated"
    assert by_link(runtime, claims_for(FIRST), REJECT) == "link_refused"

    entry = book.read("R1").log.entries[-1]
    assert (entry.actor, entry.proof) == (FIRST, "signed_link")


@pytest.mark.parametrize(
    "claims",
    [
        claims_for("nobody@example.com"),
        claims_for(BOSS),
        claims_for(FIRST, level=2),
        claims_for(FIRST, round_=2),
    ],
    ids=["stranger", "later-approver", "other-level", "other-round"],
)
def test_a_link_is_for_one_approver_level_and_round(runtime: Runtime, claims: LinkClaims) -> None:
    assert by_link(runtime, claims) == "link_refused"


def test_a_link_of_somebody_who_handed_over_is_refused(runtime: Any) -> None:
    asyncio.run(take(runtime, "R1", Delegate(to=THIRD), somebody(FIRST)))

    assert by_link(runtime, claims_for(FIRST)) == "link_refused"
    assert by_link(runtime, claims_for(THIRD)) == "recorded"
