"""What operating workflows keeps in storage: the audit, the answers by key, the cursors' key."""

import uuid
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from shared.chained_log import ChainedLogs
from shared.errors import RefusedError
from shared.operations import cursor
from shared.operations.audit import Act, Audit
from shared.operations.idempotency import Kept, KeptAnswers
from shared.settings import current_settings
from shared.settings.storage import ConnectionString
from shared.storage import Storage

pytestmark = pytest.mark.integration

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def storage(azurite: str) -> Generator[Storage]:
    with Storage(ConnectionString(value=azurite), prefix=f"t{uuid.uuid4().hex[:18]}") as storage:
        yield storage


def an_act(number: int) -> Act:
    return Act(
        instance_id="order-1",
        action="suspend",
        actor="operator@example.com",
        proof="easy_auth",
        reason=f"reason {number}",
        detail={},
    )


def test_acts_at_the_same_moment_are_all_written_down(storage: Storage) -> None:
    book = Audit(ChainedLogs(storage.table("audit")))

    def act(number: int) -> None:
        sequence = book.begin(an_act(number), at=NOW)
        book.end("order-1", sequence, "done", at=NOW)

    with ThreadPoolExecutor(6) as pool:
        for doing in [pool.submit(act, number) for number in range(12)]:
            doing.result()
    acts, is_whole = book.of("order-1")

    assert is_whole
    assert {act.reason for act in acts} == {f"reason {number}" for number in range(12)}
    assert {act.result for act in acts} == {"done"}


def test_of_the_same_request_at_the_same_moment_one_is_carried_out(storage: Storage) -> None:
    answers = KeptAnswers(storage.table("answers"))

    def begin(_number: int) -> str:
        try:
            found = answers.begin("jane", "k", "request", now=NOW)
        except RefusedError as refused:
            return refused.rule
        return "carry out" if found is None else found.body

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(begin, range(6)))
    answers.keep("jane", "k", "request", Kept(status=202, body="done"), now=NOW)

    assert sorted(outcomes) == ["carry out", *["request_in_progress"] * 5]
    assert begin(7) == "done"


def test_every_process_signs_cursors_with_the_same_key(
    azurite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AzureWebJobsStorage", azurite)
    monkeypatch.setenv("APP_DATA_PREFIX", f"t{uuid.uuid4().hex[:12]}")
    current_settings.cache_clear()
    cursor.cursor_key.cache_clear()
    try:
        with ThreadPoolExecutor(4) as pool:
            made = [pool.submit(cursor.cursor_key.__wrapped__) for _ in range(4)]
            keys = {each.result() for each in made}
    finally:
        current_settings.cache_clear()
        cursor.cursor_key.cache_clear()

    assert len(keys) == 1
    assert len(keys.pop()) == 32
