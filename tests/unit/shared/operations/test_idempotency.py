"""One key, one request, one answer."""

from datetime import timedelta

import pytest

from shared.errors import ConflictingRequestError, RefusedError
from shared.operations.idempotency import Kept, KeptAnswers
from tests.support.management import NOW
from tests.support.memory_table import MemoryTable

ANSWER = Kept(status=202, body='{"text":"' + "é" * 20_000 + '"}')


@pytest.fixture
def answers() -> KeptAnswers:
    return KeptAnswers(MemoryTable())


def test_the_same_request_gets_the_same_answer(answers: KeptAnswers) -> None:
    assert answers.begin("jane", "k", "request", now=NOW) is None
    answers.keep("jane", "k", "request", ANSWER, now=NOW)

    assert answers.begin("jane", "k", "request", now=NOW + timedelta(days=30)) == ANSWER


def test_another_request_under_the_key_is_a_conflict(answers: KeptAnswers) -> None:
    answers.begin("jane", "k", "request", now=NOW)

    with pytest.raises(ConflictingRequestError):
        answers.begin("jane", "k", "another", now=NOW)


def test_others_may_use_the_same_key(answers: KeptAnswers) -> None:
    answers.begin("jane", "k", "request", now=NOW)

    assert answers.begin("john", "k", "another", now=NOW) is None


def test_a_request_that_is_being_carried_out_is_not_begun_twice(answers: KeptAnswers) -> None:
    answers.begin("jane", "k", "request", now=NOW)

    with pytest.raises(RefusedError) as told:
        answers.begin("jane", "k", "request", now=NOW + timedelta(seconds=59))

    assert told.value.rule == "request_in_progress"


def test_one_whose_answer_never_came_is_begun_again_by_one_only(answers: KeptAnswers) -> None:
    answers.begin("jane", "k", "request", now=NOW)
    later = NOW + timedelta(minutes=1)

    assert answers.begin("jane", "k", "request", now=later) is None
    with pytest.raises(RefusedError):
        answers.begin("jane", "k", "request", now=later)


def test_a_forgotten_one_is_looked_at_afresh(answers: KeptAnswers) -> None:
    answers.begin("jane", "k", "request", now=NOW)
    answers.forget("jane", "k")

    assert answers.begin("jane", "k", "another", now=NOW) is None
