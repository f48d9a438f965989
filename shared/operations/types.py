"""What kinds of workflow there are, and what operators may do with each.

A domain says it in its ``workflow_type`` module; ``function_app`` puts them into ``TYPES``. What an
instance does is its orchestrator's business.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

import azure.durable_functions as df

from shared.durable import InstanceId
from shared.models import EdgeModel
from shared.operations.explaining.words import Words


class CancelOutcome(StrEnum):
    """What came of asking a workflow to stop by itself and undo what it has begun."""

    REQUESTED = "requested"
    TOO_LATE = "too_late"


type CooperativeCancel = Callable[
    [df.DurableOrchestrationClient, InstanceId, str, str], Awaitable[CancelOutcome]
]
"""Called with client, instance, actor (may be personal data) and reason; safe to repeat."""


def _no_children(_instance_id: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowType:
    """One kind of workflow.

    Attributes:
        name: what the API calls it; lower-case letters and dashes.
        title: what people call it.
        orchestrators: the registered names that run it.
        id_prefix: what the ids of all its instances begin with; empty where no rule says so.
        is_child: it is only ever a part of another workflow; lists leave it out unless asked.
        service_level: Running longer than this without progress is a finding.
        keep_for: how long it is kept after its end.
        cancel: stops it in its own way, with everything undone; None where it knows no such thing.
        events: what operators may raise, with the model that the data has to fit.
        can_restart: whether it may be started again with its old input, under a new id.
        child_ids: from an instance's id to the ids of its children that are known by rule, because
            a history forgets them once they have ended. What ends with ``:`` begins their ids.
        hoped_for: the ends that its domain hopes for; those that it does not are told apart.
        words: what its domain calls things where an instance is explained.
    """

    name: str
    title: str
    orchestrators: frozenset[str]
    id_prefix: str = ""
    is_child: bool = False
    service_level: timedelta = timedelta(hours=1)
    keep_for: timedelta = timedelta(days=30)
    cancel: CooperativeCancel | None = None
    events: Mapping[str, type[EdgeModel]] = field(default_factory=dict[str, type[EdgeModel]])
    can_restart: bool = False
    child_ids: Callable[[str], Sequence[str]] = _no_children
    hoped_for: frozenset[str] = frozenset({"completed"})
    words: Words | None = None


OTHER: Final = WorkflowType(name="other", title="Other workflow", orchestrators=frozenset())
"""The type of instances whose orchestrator nobody has registered."""


class WorkflowTypes:
    """The types of a process, each orchestrator in one of them."""

    def __init__(self, *types: WorkflowType) -> None:
        self._by_name: dict[str, WorkflowType] = {}
        self._by_orchestrator: dict[str, WorkflowType] = {}
        for type_ in types:
            self.add(type_)

    def add(self, type_: WorkflowType) -> None:
        """Register a type; the same one again changes nothing.

        Raises:
            ValueError: Its name or one of its orchestrators belongs to another type.
        """
        if self._by_name.get(type_.name) is type_:
            return
        taken = [name for name in type_.orchestrators if name in self._by_orchestrator]
        if type_.name in self._by_name or type_.name == OTHER.name or taken:
            raise ValueError(
                f"type {type_.name}: its name or {taken or 'no orchestrator'} is taken"
            )
        self._by_name[type_.name] = type_
        self._by_orchestrator |= dict.fromkeys(type_.orchestrators, type_)

    def of(self, orchestrator: str) -> WorkflowType:
        """Return the type that an orchestrator belongs to, ``OTHER`` for an unknown one."""
        return self._by_orchestrator.get(orchestrator, OTHER)

    def named(self, name: str) -> WorkflowType | None:
        """Return the type of this name; ``other`` is one."""
        return OTHER if name == OTHER.name else self._by_name.get(name)

    def __iter__(self) -> Iterator[WorkflowType]:
        """Yield the registered types in the order of their registration."""
        return iter(self._by_name.values())


TYPES: Final = WorkflowTypes()
"""The types of this process, filled by ``function_app``."""
