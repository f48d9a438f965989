"""What a customer may see of an order: where it stands, what it costs, where the parcel is.

A projection of what the runtime keeps of the order and of its delivery. Pure.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast

from pydantic import AwareDatetime, Field

from shared.durable import InstanceView
from shared.models import WireModel
from shared.quote import PriceProblem
from workflows.order_processing.models import Amounts, OrderLine, Sale
from workflows.order_processing.questions import Asking, Shortage
from workflows.order_processing.transitions import OrderStatus, may_be_cancelled


class ParcelView(WireModel):
    """Where the parcel is, as far as tracking knows.

    ``late`` is there for one that is later than was said, ``attempts`` when nobody could take it.
    """

    status: str
    tracking_number: str | None = None
    late: bool | None = None
    attempts: int | None = None


class ReturnView(WireModel):
    """How far the order is on its way back; ``refunded_minor`` once the money went back."""

    status: str
    tracking_number: str | None = None
    refunded_minor: int | None = None


class OrderView(WireModel):
    """The body of ``GET /api/orders/{orderId}``; ``amounts`` are known once the order has ended.

    ``shortages`` and ``amend_by`` are there while the customer is asked to take less, and so is the
    link to ``amend``; ``amended_items`` is what they took, once the order has ended.
    """

    order_id: str
    status: str
    reason: str | None = None
    problems: tuple[PriceProblem, ...] = ()
    amounts: Amounts | None = None
    parcel: ParcelView | None = None
    shortages: tuple[Shortage, ...] | None = None
    amend_by: AwareDatetime | None = None
    amended_items: tuple[OrderLine, ...] | None = None
    returned: Annotated[ReturnView | None, Field(alias="return")] = None
    may_cancel: bool
    may_return: bool
    created_at: AwareDatetime | None
    last_updated_at: AwareDatetime | None
    links: dict[str, str]


def order_view(
    order_id: str,
    order: InstanceView,
    delivery: InstanceView | None,
    *,
    returned: InstanceView | None,
    may_return: bool,
    links: dict[str, str],
) -> OrderView:
    """Show an order.

    Args:
        order_id: Whose it is.
        order: The order's instance.
        delivery: The instance that follows its parcel, or None before there is one.
        returned: The instance that takes it back, or None while nobody asked for that.
        may_return: Whether the customer may ask for it now.
        links: The paths of what can be done at any time, the order's own included.
    """
    ended = _members(order.output if order.is_terminal else None)
    status = status_of(order)
    asking = asking_of(order)
    return OrderView(
        order_id=order_id,
        status=status,
        reason=ended.get("reason"),
        problems=tuple(PriceProblem.from_json(each) for each in ended.get("problems", ())),
        amounts=Amounts.from_json(ended["amounts"]) if "amounts" in ended else None,
        parcel=_parcel(ended, delivery),
        shortages=asking.shortages if asking else None,
        amend_by=asking.amend_by if asking else None,
        amended_items=_lines(ended.get("amendedItems")),
        returned=_return(returned),
        may_cancel=not order.is_terminal and may_be_cancelled(status),
        may_return=may_return,
        created_at=order.created_at,
        last_updated_at=order.last_updated_at,
        links={**links, "amend": f"{links['self']}/amend"} if asking else links,
    )


def asking_of(order: InstanceView) -> Asking | None:
    """Return what the customer of an order is asked now, if anything."""
    shown = _members(order.custom_status)
    is_asked = shown.get("status") == OrderStatus.AWAITING_CUSTOMER and "amendBy" in shown
    return Asking.from_json(shown) if is_asked and not order.is_terminal else None


def _lines(items: Any) -> tuple[OrderLine, ...] | None:
    return tuple(map(OrderLine.from_json, items)) if items else None


def status_of(order: InstanceView) -> str:
    """Return where an order stands, in its own words."""
    ended = _members(order.output if order.is_terminal else None)
    return str(ended.get("status") or _members(order.custom_status).get("status") or "accepted")


def sale_of(order: InstanceView) -> Sale:
    """Return what an order that is shipped, or has ended so, has sold."""
    told = _members(order.output if order.is_terminal else order.custom_status)
    return Sale.from_json(told["sale"])


def delivered_at(order: InstanceView) -> datetime | None:
    """Return since when a customer has the goods; None while they are on their way."""
    told = _members(order.output if order.is_terminal else None).get("completedAt")
    return datetime.fromisoformat(told) if isinstance(told, str) else None


def _return(returned: InstanceView | None) -> ReturnView | None:
    if returned is None:
        return None
    known = _members(returned.output if returned.is_terminal else returned.custom_status)
    return ReturnView(
        status=str(known.get("status") or "accepted"),
        tracking_number=known.get("trackingNumber"),
        refunded_minor=known.get("refundedMinor") or None,
    )


def _parcel(ended: Mapping[str, Any], delivery: InstanceView | None) -> ParcelView | None:
    number = ended.get("trackingNumber")
    if delivery is None:
        return None
    known = _members(delivery.output if delivery.is_terminal else delivery.custom_status)
    return ParcelView(
        status=str(known.get("status") or OrderStatus.SHIPPED),
        tracking_number=number or known.get("trackingNumber"),
        late=known.get("late") or None,
        attempts=known.get("attempts") or None,
    )


def _members(document: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", document) if isinstance(document, dict) else {}
