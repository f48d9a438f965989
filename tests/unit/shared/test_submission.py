"""A business object is started once, whatever dies and whoever comes at the same time."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.durable import InstanceId
from shared.errors import RequestMissingError, StorageUnavailableError
from shared.storage import Row
from shared.stored_requests import StoredRequests, digest_of
from shared.submission import Submission, submit
from tests.support.clients import MemoryClient
from tests.support.outside import MemoryRows
from tests.support.playing import T0

SUBMISSION = Submission(
    business_id="A1",
    instance_id=InstanceId("order-A1"),
    orchestrator="o",
    client_input={"n": 1},
    body={"a": 1},
    contact="customer@example.com",
)


@dataclass
class SteppingClock:
    """Goes on a little whenever it is looked at."""

    step: timedelta
    instant: datetime = field(default=T0)

    def now(self) -> datetime:
        self.instant += self.step
        return self.instant


def submitted(client: Any, requests: StoredRequests, *, step_s: float = 1) -> bool:
    """Submit and tell whether this call started the instance."""
    clock = SteppingClock(step=timedelta(seconds=step_s))
    found = asyncio.run(submit(SUBMISSION, client=client, requests=requests, clock=clock))
    return found is None


def test_whoever_comes_second_waits_for_the_first_to_start() -> None:
    client, requests = MemoryClient(), StoredRequests(MemoryRows())
    requests.keep("A1", body={"a": 1}, contact="", now=T0)

    async def first_is_slow() -> Any:
        second = asyncio.create_task(
            submit(
                SUBMISSION,
                client=client,  # type: ignore[arg-type] # in memory
                requests=requests,
                clock=SteppingClock(step=timedelta()),
            )
        )
        await asyncio.sleep(0.05)
        client.put("order-A1")
        return await second

    assert asyncio.run(first_is_slow()) is not None
    assert client.started == []


def test_a_claim_that_nobody_used_is_taken_over_when_its_time_is_over() -> None:
    client, requests = MemoryClient(), StoredRequests(MemoryRows())
    requests.keep("A1", body={"a": 1}, contact="", now=T0)

    assert submitted(client, requests)
    assert len(client.started) == 1


def test_a_start_that_was_not_noted_is_noted_by_the_next() -> None:
    client, requests = MemoryClient(), StoredRequests(MemoryRows())
    requests.keep("A1", body={"a": 1}, contact="", now=T0)
    client.put("order-A1")

    assert not submitted(client, requests)
    assert requests.load("A1").started


def test_of_two_who_take_over_one_wins() -> None:
    requests = StoredRequests(MemoryRows())
    kept, _ = requests.keep("A1", body={"a": 1}, contact="", now=T0)
    stale = requests.load("A1")

    assert kept.digest == stale.digest == digest_of({"a": 1})
    assert requests.claim(stale, now=T0 + timedelta(seconds=5))
    assert not requests.claim(stale, now=T0 + timedelta(seconds=5))


def test_a_start_that_others_keep_from_being_noted_is_an_honest_try_again() -> None:
    class Contended(MemoryRows):
        def write(self, *rows: Row) -> bool:
            return False if self.rows else super().write(*rows)

    requests = StoredRequests(Contended())
    requests.keep("A1", body={"a": 1}, contact="", now=T0)

    with pytest.raises(StorageUnavailableError):
        requests.mark_started("A1")


def test_the_first_content_under_an_id_stands() -> None:
    requests = StoredRequests(MemoryRows())
    requests.keep("A1", body={"a": 1}, contact="one@example.com", now=T0)

    found, is_new = requests.keep("A1", body={"a": 2}, contact="two@example.com", now=T0)

    assert not is_new
    assert found.body == {"a": 1}
    assert found.contact == "one@example.com"


def test_what_was_never_kept_is_missing() -> None:
    with pytest.raises(RequestMissingError):
        StoredRequests(MemoryRows()).load("A1")


def test_a_digest_depends_on_the_content_and_not_on_its_spelling() -> None:
    assert digest_of({"a": 1, "b": "ü"}) == digest_of({"b": "ü", "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": "1"})
