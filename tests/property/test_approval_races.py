"""Whoever reads before another writes loses and is told: every order of two and three rivals.

An append is atomic, so all that matters is who writes between somebody's reading and writing.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest

from shared.chain import first_break
from shared.chained_log import ChainedLogs
from shared.models import JsonObject
from shared.principal import Role
from shared.stored_requests import StoredRequests
from tests.support.approvals import (
    BOSS,
    FIRST,
    OPERATOR,
    REQUESTER,
    SECOND,
    T0,
    THIRD,
    a_level,
    a_request,
    somebody,
)
from tests.support.memory_table import MemoryTable
from workflows.approval.decisions import (
    Command,
    Decide,
    Delegate,
    Reassign,
    Refusal,
    Withdraw,
)
from workflows.approval.entries import Decided
from workflows.approval.models import Advance, ApprovalRequest, Choice
from workflows.approval.records import Approvals, RecordedBefore

TWO_DAYS = timedelta(days=2)


class Desk:
    """One request in memory, whose first level is asked; rivals leave a word of how they fared."""

    def __init__(self, body: JsonObject) -> None:
        self.log = MemoryTable()
        request = ApprovalRequest.from_json(body)
        requests = StoredRequests(MemoryTable())
        requests.keep("R1", body=request.to_json(), contact=request.requester, now=T0)
        self.book = Approvals(
            requests=requests,
            logs=ChainedLogs(self.log),
            ruling=lambda _: None,
            inbox=MemoryTable(),
            pokes=MemoryTable(),
        )
        self.words: dict[str, str] = {}
        self.time(timedelta())()
        self.words.clear()

    def time(self, later: timedelta) -> Callable[[], None]:
        def passes() -> None:
            before = len(self.book.read("R1").log.entries)
            self.book.advance(Advance(request_id="R1", seen=0, now=T0 + later))
            grown = len(self.book.read("R1").log.entries) > before
            self.words["time"] = "recorded" if grown else "nothing due"

        return passes

    def says(self, name: str, command: Command, *roles: Role) -> Callable[[], None]:
        def acts() -> None:
            actor = somebody(name, *roles)
            match self.book.record(self.book.read("R1"), command, actor, at=T0):
                case Refusal(code=code):
                    self.words[name] = code
                case RecordedBefore():
                    self.words[name] = "repeated"
                case _:
                    self.words[name] = "recorded"

        return acts

    def decides(self, name: str, choice: Choice) -> Callable[[], None]:
        return self.says(name, Decide(level=1, decided=Decided(decision=choice)))

    def let(self, *rivals: Callable[[], None]) -> None:
        """Let each rival act between the reading and the writing of the one before it."""
        first, *others = rivals
        if others:
            self.log.before_write.append(lambda: self.let(*others))
        first()
        self.log.before_write.clear()

    @property
    def outcome(self) -> str:
        log = self.book.read("R1").log
        assert first_break("R1", log.entries) is None
        state = self.book.read("R1").state
        return state.status


@pytest.mark.parametrize("decision_reads_first", [True, False])
def test_a_decision_and_a_timeout_in_the_same_instant_have_one_winner(
    *, decision_reads_first: bool
) -> None:
    desk = Desk(a_request(a_level(FIRST)))
    rivals = [desk.decides(FIRST, Choice.APPROVE), desk.time(TWO_DAYS)]

    desk.let(*(rivals if decision_reads_first else reversed(rivals)))

    if decision_reads_first:  # then the timeout wrote first
        assert desk.words == {"time": "recorded", FIRST: "request_closed"}
        assert desk.outcome == "expired"
    else:
        assert desk.words[FIRST] == "recorded"
        assert desk.outcome == "approved"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_three_rivals_for_one_level_the_last_to_read_wins(order: tuple[int, ...]) -> None:
    desk = Desk(a_request(a_level(FIRST, SECOND)))
    rivals = [
        desk.decides(FIRST, Choice.APPROVE),
        desk.decides(SECOND, Choice.REJECT),
        desk.says(REQUESTER, Withdraw()),
    ]

    desk.let(*(rivals[number] for number in order))

    ends = ["approved", "rejected", "withdrawn"]
    assert desk.outcome == ends[order[-1]]
    assert sorted(desk.words.values()).count("recorded") == 1
    losers = {word for word in desk.words.values() if word != "recorded"}
    assert losers <= {"already_decided", "request_closed"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_hand_over_and_a_decision_never_both_count_for_one_place(order: tuple[int, ...]) -> None:
    desk = Desk(a_request(a_level(FIRST, BOSS, policy="all")))
    rivals = [
        desk.decides(FIRST, Choice.APPROVE),
        desk.says(FIRST, Delegate(to=SECOND)),
        desk.says(OPERATOR, Reassign(from_=FIRST, to=THIRD), Role.OPERATOR),
    ]

    desk.let(*(rivals[number] for number in order))

    state = desk.book.read("R1").state
    assert len(state.approvers) == 2
    assert (FIRST in state.decisions) == (FIRST in state.approvers)
    assert len(desk.book.read("R1").log.entries) == 3  # asked for, asked, and one of the three


def test_a_link_that_two_browsers_send_at_once_decides_once() -> None:
    desk = Desk(a_request(a_level(FIRST)))
    command = Decide(level=1, round=1, decided=Decided(decision=Choice.APPROVE))
    reject = Decide(level=1, round=1, decided=Decided(decision=Choice.REJECT))
    found: list[object] = []

    def by_link(decision: Decide) -> None:
        found.append(
            desk.book.record(
                desk.book.read("R1"), decision, somebody(FIRST), at=T0, guard="the-links-jti"
            )
        )

    desk.let(lambda: by_link(command), lambda: by_link(reject))

    (first, second) = found
    assert not isinstance(first, Refusal)
    assert isinstance(second, Refusal)
    assert second.code in {"link_refused", "already_decided"}
    assert desk.outcome == "rejected"


def test_a_repeat_whose_first_answer_was_lost_is_recognised() -> None:
    desk = Desk(a_request(a_level(FIRST, SECOND, policy="all")))
    decides = desk.decides(FIRST, Choice.APPROVE)

    desk.let(decides, decides)

    assert desk.words == {FIRST: "repeated"}
    assert len(desk.book.read("R1").log.entries) == 3


def test_time_that_passes_twice_at_once_writes_once() -> None:
    desk = Desk(a_request(a_level(FIRST, escalateTo=[BOSS])))

    desk.let(desk.time(TWO_DAYS), desk.time(TWO_DAYS))

    kinds = [entry.kind for entry in desk.book.read("R1").log.entries]
    assert kinds == ["requested", "level_opened", "no_decision", "level_opened"]
