"""What operators do: with the children, written down first, and healed by doing it again."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from shared.durable import InstanceId
from shared.errors import InstanceUnknownError, ProviderUnavailableError, RefusedError
from shared.operations.management_api import Answer
from shared.operations.rules import Action, Result
from tests.support.management import MemoryManagement, Status
from tests.support.operating import OPERATOR, Desk

ENDED = [Status.Completed, Status.Failed, Status.Terminated, Status.Canceled]


def on_loop[**P](test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def a_family() -> Desk:
    """An order with two parts, one of which has a part of its own."""
    desk = Desk()
    for name in ("order-1", "p-1", "p-2", "p-3"):
        desk.management.add(name, orchestrator="part")
    desk.management.add("order-1", orchestrator="order_processing_orchestrator")
    desk.management.family = {"order-1": ["p-1", "p-2"], "p-2": ["p-3"]}
    return desk


@on_loop
async def test_terminating_reaches_the_children_from_the_top_down() -> None:
    desk = a_family()

    affected = await desk.act("order-1", Action.TERMINATE)

    assert affected == dict.fromkeys(["order-1", "p-1", "p-2", "p-3"], Result.DONE)
    assert [told[1] for told in desk.management.told] == ["order-1", "p-1", "p-2", "p-3"]


@on_loop
async def test_children_are_spared_where_that_is_wanted() -> None:
    desk = a_family()

    assert await desk.act("order-1", Action.TERMINATE, cascade=False) == {"order-1": Result.DONE}
    assert desk.management.instances["p-1"].runtime_status is Status.Running


@on_loop
async def test_a_child_that_is_begun_meanwhile_is_reached_too() -> None:
    desk = a_family()

    class Busy(MemoryManagement):
        async def terminate(self, instance_id: InstanceId, reason: str) -> Answer:
            if instance_id == "order-1":
                self.add("p-9", orchestrator="part")
                self.family["order-1"].append("p-9")
            return await super().terminate(instance_id, reason)

    desk.management = Busy(desk.management.instances, desk.management.family)

    assert "p-9" in await desk.act("order-1", Action.TERMINATE)


@on_loop
async def test_doing_it_again_reaches_what_was_left_over_and_changes_nothing_else() -> None:
    desk = a_family()
    await desk.act("order-1", Action.TERMINATE, cascade=False)

    again = await desk.act("order-1", Action.TERMINATE)
    written = len(desk.table.held)

    assert again["order-1"] is Result.ALREADY
    assert again["p-3"] is Result.DONE
    assert await desk.act("order-1", Action.TERMINATE) == {"order-1": Result.ALREADY}
    assert len(desk.table.held) == written


@pytest.mark.parametrize("status", [Status.Pending, Status.Suspended, Status.Running])
@on_loop
async def test_whatever_has_not_ended_can_be_terminated(status: Any) -> None:
    desk = Desk()
    desk.management.add("order-1", runtime_status=status)

    assert await desk.act("order-1", Action.TERMINATE) == {"order-1": Result.DONE}


@on_loop
async def test_suspending_and_resuming_reach_the_children_too() -> None:
    desk = a_family()

    await desk.act("order-1", Action.SUSPEND)
    states = {view.runtime_status for view in desk.management.instances.values()}
    again = await desk.act("order-1", Action.SUSPEND)
    await desk.act("order-1", Action.RESUME)

    assert states == {Status.Suspended}
    assert set(again.values()) == {Result.ALREADY}
    assert {view.runtime_status for view in desk.management.instances.values()} == {Status.Running}


@on_loop
async def test_cancelling_is_the_domains_own_way_and_names_the_actor_and_the_reason() -> None:
    desk = Desk()
    desk.management.add("order-1")

    assert await desk.act("order-1", Action.CANCEL, reason="asked to") == {"order-1": Result.DONE}
    assert desk.cancelled == [("order-1", OPERATOR, "asked to")]
    assert desk.management.told == []


@on_loop
async def test_a_failed_one_is_rewound_and_an_ended_one_started_again_under_a_new_id() -> None:
    desk = Desk()
    desk.management.add("order-1", runtime_status=Status.Failed)

    (restarted,) = await desk.affected("order-1", Action.RESTART)
    rewound = await desk.act("order-1", Action.REWIND)

    assert restarted.new_instance_id == "again-1"
    assert rewound == {"order-1": Result.DONE}


@on_loop
async def test_an_event_is_raised_with_what_it_carries() -> None:
    desk = Desk()
    desk.management.add("order-1")

    await desk.act("order-1", Action.RAISE_EVENT, event="attention:1", data={"a": 1})

    assert desk.management.raised == [("order-1", "attention:1", {"a": 1})]


@on_loop
async def test_purging_takes_the_ended_children_that_are_known_by_rule() -> None:
    desk = Desk()
    ended = {"runtime_status": Status.Completed, "orchestrator": "part"}
    desk.management.add("order-1", runtime_status=Status.Completed)
    for name in ("order-1:shard:0", "order-1:shard:1", "order-1-tracking", "order-11:shard:0"):
        desk.management.add(name, **ended)
    desk.management.add("order-1:shard:2", orchestrator="part")
    desk.management.add("order-1:shard:x", runtime_status=Status.Completed, orchestrator="plain")

    affected = await desk.act("order-1", Action.PURGE)

    assert set(affected) == {"order-1", "order-1:shard:0", "order-1:shard:1", "order-1-tracking"}
    assert list(affected)[-1] == "order-1"
    assert set(desk.management.instances) == {
        *("order-11:shard:0", "order-1:shard:2", "order-1:shard:x")
    }


@pytest.mark.parametrize(
    ("action", "instance", "code"),
    [
        (Action.TERMINATE, {"runtime_status": Status.Completed}, "not_active"),
        (Action.SUSPEND, {"runtime_status": Status.Failed}, "not_active"),
        (Action.RESUME, {"runtime_status": Status.Terminated}, "not_active"),
        (Action.CANCEL, {"runtime_status": Status.Completed}, "not_active"),
        (Action.CANCEL, {"orchestrator": "plain"}, "not_cancellable"),
        (Action.CANCEL, {"orchestrator": "imported"}, "not_cancellable"),
        (Action.RAISE_EVENT, {"runtime_status": Status.Completed}, "not_active"),
        (Action.REWIND, {"runtime_status": Status.Running}, "not_failed"),
        (Action.REWIND, {"runtime_status": Status.Terminated}, "not_failed"),
        (Action.RESTART, {"runtime_status": Status.Running}, "not_ended"),
        (
            Action.RESTART,
            {"runtime_status": Status.Failed, "orchestrator": "plain"},
            "not_restartable",
        ),
        (Action.PURGE, {"runtime_status": Status.Suspended}, "not_ended"),
    ],
)
@on_loop
async def test_what_cannot_be_done_is_refused_and_nothing_is_done(
    action: Action, instance: dict[str, Any], code: str
) -> None:
    desk = Desk()
    desk.management.add("order-1", **instance)

    with pytest.raises(RefusedError) as told:
        await desk.act("order-1", action)

    assert told.value.rule == code
    assert not desk.management.told
    assert not desk.management.raised
    assert not desk.cancelled
    assert desk.table.held == {}


@on_loop
async def test_it_is_said_when_it_is_too_late_to_cancel() -> None:
    desk = Desk(past_pivot=True)
    desk.management.add("order-1")

    with pytest.raises(RefusedError) as told:
        await desk.act("order-1", Action.CANCEL)

    assert told.value.rule == "past_cancelling"


@on_loop
async def test_an_unknown_instance_is_unknown() -> None:
    with pytest.raises(InstanceUnknownError):
        await Desk().act("order-1", Action.TERMINATE)


@on_loop
async def test_it_is_written_down_before_it_is_done_and_what_came_of_it_after() -> None:
    desk = Desk()
    seen: list[tuple[str, str]] = []

    class Looking(MemoryManagement):
        async def terminate(self, instance_id: InstanceId, reason: str) -> Answer:
            acts, _ = desk.audit.of(instance_id)
            seen.extend((act.action, act.result) for act in acts)
            return await super().terminate(instance_id, reason)

    desk.management = Looking()
    desk.management.add("order-1")
    await desk.act("order-1", Action.TERMINATE, reason="stuck for days")
    acts, is_whole = desk.audit.of("order-1")

    assert seen == [("terminate", "unknown")]
    assert is_whole
    assert [(act.actor, act.proof, act.reason, act.result) for act in acts] == [
        (OPERATOR, "easy_auth", "stuck for days", "done")
    ]


@on_loop
async def test_a_runtime_that_does_not_answer_is_written_down_as_such() -> None:
    desk = Desk()

    class Away(MemoryManagement):
        async def terminate(self, instance_id: InstanceId, reason: str) -> Answer:
            raise ProviderUnavailableError(f"{instance_id} {reason}")

    desk.management = Away()
    desk.management.add("order-1")
    with pytest.raises(ProviderUnavailableError):
        await desk.act("order-1", Action.TERMINATE)
    acts, _ = desk.audit.of("order-1")

    assert [act.result for act in acts] == ["provider_unavailable"]


@on_loop
async def test_what_is_written_down_cannot_be_changed_unnoticed() -> None:
    desk = Desk()
    desk.management.add("order-1")
    await desk.act("order-1", Action.SUSPEND)
    row = next(row for key, row in desk.table.held.items() if key[1].startswith("e:"))
    desk.table.put(row.changed(actor="somebody.else@example.com"))

    assert not desk.audit.of("order-1")[1]


@on_loop
async def test_no_personal_data_of_the_actor_or_the_reason_gets_into_the_instance() -> None:
    desk = Desk()
    desk.management.add("order-1")

    await desk.act("order-1", Action.TERMINATE, reason="jane@example.com asked for it")

    assert desk.management.told == [("terminate", "order-1", "[e-mail] asked for it")]
