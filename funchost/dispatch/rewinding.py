"""Rewinding an instance and its failed children, from the store and back into it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from funchost.dispatch.commits import activity_item
from funchost.dispatch.parts import Parts
from funchost.engine.errors import InstanceNotFoundError, RewindRefusedError
from funchost.engine.events import ExecutionRewound, RuntimeStatus
from funchost.engine.ports import RewindInstance, Snapshot
from funchost.engine.rewind import Rewound, rewind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """An instance to rewind, and how."""

    snapshot: Snapshot
    rewound: Rewound


async def rewind_tree(
    parts: Parts, instance_id: str, reason: str | None
) -> tuple[RewindInstance, ...]:
    """Rewind an instance and the children through which it failed; return what was written.

    Only the deepest need waking: parents go on when their children answer.
    """
    plans = await _plans(parts, instance_id)
    writes = tuple(_write(parts, plan, plans, reason) for plan in plans.values())
    # Together: a parent that runs again must not be left with a child that never will.
    await parts.journal.commit_together(writes)
    return writes


async def _plans(parts: Parts, instance_id: str) -> Mapping[str, _Plan]:
    """Decide for the whole tree before anything is written: all of it, or nothing."""
    plans: dict[str, _Plan] = {}
    waiting = [instance_id]
    while waiting:
        next_id = waiting.pop()
        snapshot = await _load(parts, next_id)
        if snapshot is None:
            if next_id == instance_id:
                raise InstanceNotFoundError(instance_id)
            raise RewindRefusedError(f"The failed child '{next_id}' has been purged.")
        rewound = rewind(next_id, snapshot.history)
        plans[next_id] = _Plan(snapshot=snapshot, rewound=rewound)
        waiting += [child.instance_id for child in rewound.children]
    return plans


async def _load(parts: Parts, instance_id: str) -> Snapshot | None:
    return await parts.journal.read(lambda store: store.load(instance_id))


def _write(
    parts: Parts, plan: _Plan, plans: Mapping[str, _Plan], reason: str | None
) -> RewindInstance:
    record, rewound = plan.snapshot.record, plan.rewound
    event = ExecutionRewound(at=parts.clock.now(), reason=reason)
    waits = any(child.instance_id in plans for child in rewound.children)
    message = None if waits else parts.sources.message(record.instance_id, event).message
    return RewindInstance(
        record=replace(
            record,
            status=RuntimeStatus.RUNNING,
            output=None,
            updated_at=parts.clock.now(),
            episode=record.episode + 1,
        ),
        history=rewound.history,
        activities=tuple(activity_item(record, event) for event in rewound.activities),
        message=message,
    )
