"""What only recognises repetitions is forgotten after thirty days, and nothing younger."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from shared.notices import TakenNotices
from shared.operations.idempotency import Kept, KeptAnswers
from shared.storage import Table
from tests.support.functions import activity_of, always
from tests.support.management import NOW
from tests.support.memory_account import MemoryTableClient
from workflows.management import repeats

FORGET = activity_of(repeats.forget_repeats)
OLD = NOW - repeats.KEPT_FOR - timedelta(seconds=1)
DONE = Kept(status=202, body="{}")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> KeptAnswers:
    kept = KeptAnswers(Table(MemoryTableClient("answers")))
    monkeypatch.setattr(repeats, "kept_answers", always(kept))
    return kept


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> TakenNotices:
    taken = TakenNotices(Table(MemoryTableClient("notices")))
    monkeypatch.setattr(repeats, "taken_notices", always(taken))
    return taken


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.clock.SystemClock.now", always(NOW))


def forget() -> None:
    asyncio.run(cast("Any", FORGET)(None))


def test_an_old_key_is_looked_at_afresh_and_a_younger_one_is_recognised(
    answers: KeptAnswers, notices: TakenNotices
) -> None:
    del notices
    for key, at in (("old", OLD), ("young", NOW)):
        answers.begin("jane", key, "request", now=at)
        answers.keep("jane", key, "request", DONE, now=at)

    forget()

    assert answers.begin("jane", "old", "another", now=NOW) is None
    assert answers.begin("jane", "young", "request", now=NOW) == DONE


def test_all_old_notices_are_forgotten_and_no_younger_one(
    answers: KeptAnswers, notices: TakenNotices
) -> None:
    del answers
    for number in range(1200):
        notices.take("stripe", f"old-{number}", at=OLD)
    notices.take("stripe", "young", at=NOW)

    forget()

    assert not any(notices.is_taken("stripe", f"old-{number}") for number in range(1200))
    assert notices.is_taken("stripe", "young")
