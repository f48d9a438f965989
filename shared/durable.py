"""What orchestrators and their callers need of Durable Functions beyond the SDK.

Everything that would change with another SDK version is here. Safe for orchestrators: no clock,
no randomness, no I/O of its own. HTTP answers are in shared.http, retry policies in shared.retry.
"""

import logging
import re
from collections.abc import Generator, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, override
from urllib.parse import quote

import azure.durable_functions as df
from azure.durable_functions.models import TaskBase

from shared.errors import InstanceUnknownError, ProviderUnavailableError

# An orchestrator is a generator of tasks; what a yield gives back is the task's result.
type Orchestration[T] = Generator[TaskBase, Any, T]

INSTANCE_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_:-]{0,99}"
_INSTANCE_ID = re.compile(INSTANCE_ID_PATTERN)
# The backend cannot cancel a timer longer than six days; a wait is made of links of one day.
LONGEST_LINK = timedelta(days=1)


class InstanceId(str):
    """An instance id that is safe in a URL path: 1 to 100 of ``A-Z a-z 0-9 _ : -``.

    The SDK's client puts ids into URLs as they come, so every client call takes one of these.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accept a well-formed id.

        Raises:
            InstanceUnknownError: No instance can have this id.
        """
        if not _INSTANCE_ID.fullmatch(text):
            raise InstanceUnknownError("no instance has this id")
        return cls(text)

    @property
    def quoted(self) -> str:
        """The id as one URL path segment."""
        return quote(self, safe="")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceView:
    """What the client says of one instance; times are aware UTC."""

    instance_id: InstanceId
    orchestrator: str
    runtime_status: df.OrchestrationRuntimeStatus
    created_at: datetime | None
    last_updated_at: datetime | None
    custom_status: Any
    output: Any
    history: list[Any] | None

    @property
    def is_terminal(self) -> bool:
        """Whether the instance will never run again by itself."""
        return self.runtime_status in _TERMINAL


_TERMINAL = frozenset(
    {
        df.OrchestrationRuntimeStatus.Completed,
        df.OrchestrationRuntimeStatus.Failed,
        df.OrchestrationRuntimeStatus.Canceled,
        df.OrchestrationRuntimeStatus.Terminated,
    }
)


async def find_instance(
    client: df.DurableOrchestrationClient, instance_id: InstanceId, *, history: bool = False
) -> InstanceView | None:
    """Look an instance up; None when there is none.

    Args:
        client: The durable client binding.
        instance_id: Whom to look for.
        history: Whether to bring the history events along.

    Raises:
        ProviderUnavailableError: The runtime did not answer.
    """
    try:
        status = await client.get_status(
            instance_id.quoted, show_history=history, show_history_output=history
        )
    except Exception as failure:  # the SDK raises bare Exception, the connection its own
        raise ProviderUnavailableError("the runtime did not answer") from failure
    if not status or status.runtime_status is None:  # an unknown id is a falsy object, never None
        return None
    return InstanceView(
        instance_id=instance_id,
        orchestrator=status.name or "",
        runtime_status=status.runtime_status,
        created_at=status.created_time,
        last_updated_at=status.last_updated_time,
        custom_status=status.custom_status,
        output=status.output,
        # The SDK keeps the events under their wire name; its own `history` is always None.
        history=getattr(status, "historyEvents", None) if history else None,
    )


async def start_once(
    client: df.DurableOrchestrationClient,
    orchestrator: str,
    instance_id: InstanceId,
    client_input: dict[str, Any],
) -> None:
    """Start an instance unless one with this id exists.

    The runtime replaces a finished instance silently, hence the look before the start. Look and
    start are two calls: the caller makes sure that one request at a time gets here.

    Raises:
        ProviderUnavailableError: The runtime did not take it; try again.
    """
    if await find_instance(client, instance_id) is not None:
        return
    try:
        await client.start_new(orchestrator, instance_id.quoted, client_input)
    except Exception as failure:
        # Either somebody else started it meanwhile, which is what was wanted, or it is an error.
        if await find_instance(client, instance_id) is None:
            raise ProviderUnavailableError("the runtime did not start it") from failure


def sleep(context: df.DurableOrchestrationContext, duration: timedelta) -> Orchestration[None]:
    """Wait durably, in links that every backend can hold and cancel."""
    wake_at = context.current_utc_datetime + duration
    while (now := context.current_utc_datetime) < wake_at:
        yield context.create_timer(min(wake_at, now + LONGEST_LINK))


class StoryLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger for orchestrators: says each thing once, with the instance it is about."""

    def __init__(self, logger: logging.Logger, context: df.DurableOrchestrationContext) -> None:
        # A child belongs to its root's trace; only a followed context knows that it is a child's.
        root = getattr(context, "root_instance_id", context.instance_id)
        super().__init__(logger, {"instanceId": context.instance_id, "rootInstanceId": root})
        self._context = context

    @override
    def isEnabledFor(self, level: int) -> bool:
        """Stay silent while replaying: these lines were written in the first run."""
        return not self._context.is_replaying and super().isEnabledFor(level)

    @override
    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Put the instance id in front and into the structured fields."""
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return f"[{self._context.instance_id}] {msg}", kwargs
