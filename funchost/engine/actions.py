"""What an orchestrator asks for: the answer of one replay, free of any wire format.

``Turn.actions`` is cumulative: every action since the generation began, in the order in which the
SDK numbered them. ``WhenAll`` and ``WhenAny`` are containers only; the leaves are what gets done.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from funchost.engine.events import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class CallActivity:
    """Run an activity; ``input`` is JSON text."""

    name: str
    input: str
    retry: RetryPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSubOrchestration:
    """Run a child orchestration; no ``instance_id`` means "derive one"."""

    name: str
    input: str
    instance_id: str | None = None
    version: str | None = None
    retry: RetryPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTimer:
    """Wake up at an instant, unless canceled."""

    fire_at: datetime
    is_canceled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForExternalEvent:
    """Wait for an event of this name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEntity:
    """Ask an entity and wait for its answer; ``instance_id`` is ``@name@key``."""

    instance_id: str
    operation: str
    input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalEntity:
    """Tell an entity, expecting no answer."""

    instance_id: str
    operation: str
    input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHttp:
    """Make an HTTP request; ``request`` is the SDK's JSON object as text."""

    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueAsNew:
    """End this generation and start the next with new input."""

    input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenAll:
    """A container: the code waits for all of these."""

    children: tuple["Action", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenAny:
    """A container: the code waits for one of these."""

    children: tuple["Action", ...]


type Leaf = (
    CallActivity
    | CallSubOrchestration
    | CreateTimer
    | WaitForExternalEvent
    | CallEntity
    | SignalEntity
    | CallHttp
    | ContinueAsNew
)
type Action = Leaf | WhenAll | WhenAny


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The code waits for something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The code returned; ``output`` is JSON text."""

    output: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The code raised; the actions up to there still count."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """The function failed outside its generator: there are no actions to go by."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """The code was not asked, because it must not run this instance: the instance fails now."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of an orchestrator; ``custom_status`` is JSON text."""

    actions: tuple[Action, ...]
    outcome: Waiting | Returned | Raised | Crashed | Unfit
    custom_status: str | None = None


def leaves(actions: Iterable[Action]) -> Iterator[Leaf]:
    """Yield the leaves of an action list depth first, in the order of their numbers."""
    for action in actions:
        match action:
            case WhenAll(children=children) | WhenAny(children=children):
                yield from leaves(children)
            case _:
                yield action
