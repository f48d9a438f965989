"""What operators do to many workflows at once: those that a filter finds, a bounded number a time.

A dry run finds the same ones and says what would come of it. Doing it to one is in actions.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.durable import InstanceView
from shared.errors import WorkflowError
from shared.operations.actions import Operations
from shared.operations.cursor import Position
from shared.operations.filters import Filter
from shared.operations.listing import LARGEST_LIMIT, list_instances
from shared.operations.management_api import Management
from shared.operations.rules import Order, Result, foreseen
from shared.operations.types import WorkflowTypes

LARGEST_BATCH: Final = 1000
WOULD_BE_DONE: Final = "would_be_done"

_MOST_PAGES: Final = 40
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a filter has found, and where it goes on; None at the end."""

    views: tuple[InstanceView, ...]
    position: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it for one instance: a result, or the code of an error."""

    instance_id: str
    result: str


async def choose(
    management: Management,
    wanted: Filter,
    *,
    types: WorkflowTypes,
    now: datetime,
    limit: int,
    position: Position | None,
) -> Chosen:
    """Find the next instances of a filter, fewer than ``limit`` when too many had to be passed."""
    found: list[InstanceView] = []
    for _ in range(_MOST_PAGES):
        listed = await list_instances(
            management,
            wanted,
            types=types,
            now=now,
            limit=min(LARGEST_LIMIT, limit - len(found)),
            position=position,
        )
        found += listed.items
        position = listed.position
        if position is None or len(found) >= limit:
            break
    return Chosen(views=tuple(found), position=position)


def rehearsed(chosen: Chosen, order: Order, types: WorkflowTypes) -> tuple[Outcome, ...]:
    """Say what would come of it, and do nothing."""
    return tuple(
        Outcome(
            instance_id=view.instance_id,
            result=WOULD_BE_DONE if result is Result.DONE else result.value,
        )
        for view in chosen.views
        for result in [foreseen(order.action, view, types.of(view.orchestrator))]
    )


async def carried_out(operations: Operations, chosen: Chosen, order: Order) -> tuple[Outcome, ...]:
    """Do it to all of them, some at a time; one that cannot be reached stops no other."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def act(view: InstanceView) -> Outcome:
        async with turns:
            try:
                affected = await operations.try_act(view.instance_id, order)
                own = next(each for each in affected if each.instance_id == view.instance_id)
                return Outcome(instance_id=view.instance_id, result=own.result.value)
            except WorkflowError as failure:
                return Outcome(instance_id=view.instance_id, result=failure.code)

    return tuple(await asyncio.gather(*map(act, chosen.views)))
