import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from shared.durable import InstanceId, StoryLogger, find_instance, sleep, start_once
from shared.errors import InstanceUnknownError, ProviderUnavailableError
from tests.support.clients import MemoryClient
from tests.support.playing import PlayedContext


@pytest.mark.parametrize("text", ["order-A1", "a", "0123:45", "a_b-c", "x" * 100])
def test_a_well_formed_id_is_itself(text: str) -> None:
    assert InstanceId.parse(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "x" * 101, "../admin", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\n", "@entity@k", "-a", "é"],
)
def test_no_instance_has_an_id_that_could_bend_a_url(text: str) -> None:
    with pytest.raises(InstanceUnknownError):
        InstanceId.parse(text)


def test_an_id_is_one_path_segment_when_quoted() -> None:
    assert InstanceId.parse("0a:1").quoted == "0a%3A1"


def test_an_unknown_instance_is_none() -> None:
    assert asyncio.run(find_instance(client_of(), InstanceId.parse("a"))) is None


def test_history_comes_only_when_asked_for() -> None:
    client = client_of()
    client.put("a", historyEvents=[{"EventType": "ExecutionStarted"}])

    plain = asyncio.run(find_instance(client, InstanceId.parse("a")))
    full = asyncio.run(find_instance(client, InstanceId.parse("a"), history=True))

    assert plain is not None
    assert plain.history is None
    assert full is not None
    assert full.history == [{"EventType": "ExecutionStarted"}]


@pytest.mark.parametrize(
    ("runtime_status", "terminal"),
    [
        ("Pending", False),
        ("Running", False),
        ("Suspended", False),
        ("ContinuedAsNew", False),
        ("Completed", True),
        ("Failed", True),
        ("Terminated", True),
        ("Canceled", True),
    ],
)
def test_an_instance_is_terminal_when_it_never_runs_again(
    runtime_status: str, *, terminal: bool
) -> None:
    client = client_of()
    client.put("a", runtimeStatus=runtime_status)

    view = asyncio.run(find_instance(client, InstanceId.parse("a")))

    assert view is not None
    assert view.is_terminal is terminal


def test_a_runtime_that_is_away_is_unavailable() -> None:
    client = client_of()
    client.unreachable = True

    with pytest.raises(ProviderUnavailableError, match="did not start it"):
        asyncio.run(start_once(client, "o", InstanceId.parse("a"), {}))


def test_a_start_that_the_runtime_does_not_take_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_of()

    async def refuse(*_args: object, **_named: object) -> str:
        raise RuntimeError("503")

    monkeypatch.setattr(client, "start_new", refuse)

    with pytest.raises(ProviderUnavailableError, match="did not start it"):
        asyncio.run(start_once(client, "o", InstanceId.parse("a"), {}))


def test_a_long_sleep_is_made_of_links_that_every_backend_can_hold() -> None:
    context = a_context("a")
    links: list[Any] = []

    timers: Any = sleep(context, timedelta(days=2, hours=1))
    for timer in timers:
        fire_at = timer.fire_at
        links.append(fire_at - context.current_utc_datetime)
        context.current_utc_datetime = fire_at

    assert links == [timedelta(days=1), timedelta(days=1), timedelta(hours=1)]


def test_no_sleep_at_all_waits_for_nothing() -> None:
    context = a_context("a")

    assert list(sleep(context, timedelta())) == []


def test_a_story_is_logged_once_with_its_instance(caplog: pytest.LogCaptureFixture) -> None:
    context = a_context("order-A1")
    log = StoryLogger(logging.getLogger("story"), context)

    with caplog.at_level(logging.INFO):
        log.info("stops at %s", "validating")
        context.is_replaying = True
        log.info("stops at %s", "validating")

    assert [record.getMessage() for record in caplog.records] == ["[order-A1] stops at validating"]
    assert caplog.records[0].__dict__["instanceId"] == "order-A1"


def client_of() -> Any:
    return MemoryClient()


def a_context(instance_id: str) -> Any:
    return PlayedContext(input=None, instance_id=instance_id)
