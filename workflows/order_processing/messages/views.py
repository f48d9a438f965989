"""What operators see of refused messages: when and why, never what they say. Pure."""

from collections.abc import Sequence
from typing import Final

from pydantic import AwareDatetime

from shared.http import API_PREFIX, PROBLEM_TYPE
from shared.models import WireModel
from shared.openapi.problems import Problem
from workflows.order_processing.messages.refused import RefusedMessage

_PATH: Final = f"{API_PREFIX}/orders/messages/refused"


class RefusedView(WireModel):
    """One message; ``problem`` is what a request with its content would be answered.

    ``messageId`` is the queue's; without ``isWhole`` it held a card number, and cannot be retried.
    """

    id: str
    message_id: str
    reason: str
    problem: Problem
    inserted_at: AwareDatetime
    refused_at: AwareDatetime
    is_whole: bool
    links: dict[str, str]


class RefusedPage(WireModel):
    """Those first that came first; ``links.next`` leads to more, if there are any."""

    items: tuple[RefusedView, ...]
    links: dict[str, str]


def refused_page(messages: Sequence[RefusedMessage], *, most: int) -> RefusedPage:
    """Show so many of the messages; one more than that says that there are more."""
    items = tuple(map(refused_view, messages[:most]))
    links = {"next": f"{_PATH}?after={items[-1].id}"} if len(messages) > most else {}
    return RefusedPage(items=items, links=links)


def refused_view(message: RefusedMessage) -> RefusedView:
    """Show a message."""
    reason = str(message.problem["type"]).removeprefix(PROBLEM_TYPE).replace("-", "_")
    links = {"retry": f"{refused_path(message.arrival.id)}/retry"} if message.is_whole else {}
    return RefusedView(
        id=message.arrival.id,
        message_id=message.arrival.message_id,
        reason=reason,
        problem=Problem.from_json(message.problem),
        inserted_at=message.arrival.inserted_at,
        refused_at=message.refused_at,
        is_whole=message.is_whole,
        links=links,
    )


def refused_path(message_id: str) -> str:
    """Return the path of a message."""
    return f"{_PATH}/{message_id}"
