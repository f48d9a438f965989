"""The stories an order can live through: what is sent, and all that must be left of it.

One table for every test that plays them; how they are played and checked is in the tests.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from shared.sandbox.accounts import balance_of
from shared.sandbox.payments import payment_id_for
from tests.support.books import Reading
from tests.support.orders import NOTEBOOKS, Body, Lines, total_of

PAID: Final = ("authorize", "capture")
DROPPED: Final = ("authorize", "void")
REFUNDED: Final = (*PAID, "refund")

CONFIRMED: Final = "Your order is on its way"
COLLECTED: Final = "Your order is with the carrier"
AT_THE_DOOR: Final = "Your order arrives today"
MISSED: Final = "We missed you with your order"
GOING_BACK: Final = "Your order is on its way back"
DELIVERED: Final = "Your order is delivered"
CANCELLED: Final = "Your order is cancelled"
PARTLY_THERE: Final = "Your order is partly out of stock"
REFUSED: Final = "We could not take your order"
GIVEN_BACK: Final = "Your order is refunded"

TO_THE_DOOR: Final = (CONFIRMED, COLLECTED, AT_THE_DOOR, DELIVERED)
# Between two looks at a parcel more than one scan may happen: then the earlier is old news.
ON_THE_WAY: Final = frozenset({COLLECTED, AT_THE_DOOR, MISSED, GOING_BACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is ordered and how it must end.

    Attributes:
        stock: where the reservation stands in the end; None when there must be none.
        money: what must have happened to the customer's money.
        mails: subjects in order; those in ON_THE_WAY may be missing.
        undone: the steps that were compensated, in that order.
    """

    lines: Lines = NOTEBOOKS
    token: str = "tok_sandbox_approved"  # noqa: S105 - a sandbox token is no secret
    service: str = "standard"
    currency: str = "EUR"
    status: str = "delivered"
    reason: str | None = None
    stock: str | None = "committed"
    money: tuple[str, ...] = PAID
    mails: tuple[str, ...] = TO_THE_DOOR
    undone: tuple[str, ...] = ()

    @property
    def is_sold(self) -> bool:
        return self.money == PAID

    @property
    def is_sent(self) -> bool:
        return (self.is_sold or self.is_refunded) and "book_shipment" not in self.undone

    @property
    def is_refunded(self) -> bool:
        return self.money == REFUNDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What an order left in the books, but for the mails that may be missing."""

    stock: str | None
    money: tuple[str, ...]
    parcels: int
    mails: tuple[str, ...]


def expected_traces(story: Story) -> Traces:
    return Traces(
        stock=story.stock,
        money=story.money,
        parcels=int(story.is_sent),
        mails=_sure(story.mails),
    )


def traces(reading: Reading, order_id: str) -> Traces:
    return Traces(
        stock=reading.stock_of(order_id),
        money=reading.money_of(order_id),
        parcels=reading.parcels_of(order_id),
        mails=_sure(reading.mails_to(order_id)),
    )


def audit(reading: Reading, stories: Mapping[str, Story], bodies: Mapping[str, Body]) -> None:
    """Fail unless the books add up over all these orders, those that were refunded included."""
    refunded = {name for name, story in stories.items() if story.is_refunded}
    lost = {name for name in refunded if stories[name].stock == "committed"}
    sold = {name: total_of(bodies[name]) for name, story in stories.items() if story.is_sold}
    back = {payment_id_for(f"order-{name}:authorize") for name in refunded}
    money = balance_of([e for e in reading.effects if e.payment_id in back], currency="EUR")
    assert (money.held_minor, money.net_minor) == (0, 0)
    assert money.captured_minor == sum(total_of(bodies[name]) for name in refunded)
    gone = {f"order-{name}:reserve" for name in lost}
    assert {r.reservation_id for r in reading.reservations if r.state == "committed"} >= gone
    replace(
        reading,
        seeded=_without(reading, gone),
        effects=tuple(e for e in reading.effects if e.payment_id not in back),
        reservations=tuple(r for r in reading.reservations if r.reservation_id not in gone),
        shipments=tuple(s for s in reading.shipments if s.order_id not in refunded),
    ).audit(sold=sold)


def _without(reading: Reading, gone: Collection[str]) -> Mapping[str, int]:
    """What was on the shelves, but for what these reservations took from them."""
    seeded = dict(reading.seeded)
    for reservation in reading.reservations:
        if reservation.reservation_id in gone:
            for line in reservation.lines:
                seeded[line.sku] -= line.quantity
    return seeded


def is_told_in_order(seen: tuple[str, ...], story: Story) -> bool:
    """Whether the mails are a selection of the story's, in its order, each at most once."""
    rest = iter(story.mails)
    return all(mail in rest for mail in seen)


def _sure(mails: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(mail for mail in mails if mail not in ON_THE_WAY)


def _not_valid(lines: Lines, *, currency: str = "EUR") -> Story:
    return Story(
        lines=lines,
        currency=currency,
        status="rejected",
        reason="not_valid",
        stock=None,
        money=(),
        mails=(REFUSED,),
    )


def _out_of_stock(lines: Lines, *, asked: tuple[str, ...] = ()) -> Story:
    return Story(
        lines=lines,
        status="out_of_stock",
        reason="missing: retired-mug",
        stock="released",
        money=(),
        mails=(*asked, "Your order is out of stock"),
        undone=("reserve_stock",),
    )


def _declined(token: str) -> Story:
    return Story(
        token=token,
        status="payment_declined",
        reason="declined_by_provider",
        stock="released",
        money=(),
        mails=("Your payment for order was declined",),
        undone=("authorize_payment", "reserve_stock"),
    )


def _not_shipped(service: str, reason: str) -> Story:
    return Story(
        service=service,
        status="compensated",
        reason=reason,
        stock="released",
        money=DROPPED,
        mails=(CANCELLED,),
        undone=("book_shipment", "authorize_payment", "reserve_stock"),
    )


PAYMENT_EXPIRED: Final = Story(
    token="tok_sandbox_pending_forever",  # noqa: S106 - a sandbox token is no secret
    status="payment_expired",
    reason="pending_too_long",
    stock="released",
    money=(),
    mails=("Your payment for order was not confirmed",),
    undone=("authorize_payment", "reserve_stock"),
)

PROVIDER_DOWN: Final = Story(
    token="tok_sandbox_down_999",  # noqa: S106 - a sandbox token is no secret
    status="compensated",
    reason="authorize_payment: provider_unavailable",
    stock="released",
    money=(),
    mails=(CANCELLED,),
    undone=("authorize_payment", "reserve_stock"),
)

LOST: Final = Story(
    service="sandbox_lost",
    status="lost",
    money=REFUNDED,
    mails=(CONFIRMED, COLLECTED, "Your order is lost", GIVEN_BACK),
    undone=("authorize_payment",),
)

RETURNED: Final = Story(
    service="sandbox_returned",
    status="returned",
    stock="released",
    money=REFUNDED,
    mails=(
        *(CONFIRMED, COLLECTED, AT_THE_DOOR, MISSED, GOING_BACK),
        *("Your order is back with us", GIVEN_BACK),
    ),
    undone=("authorize_payment", "reserve_stock"),
)

UNCOLLECTED: Final = Story(
    service="sandbox_uncollected",
    status="uncollected",
    stock="released",
    money=REFUNDED,
    mails=(CONFIRMED, GIVEN_BACK),
    undone=("book_shipment", "authorize_payment", "reserve_stock"),
)

SECOND_ATTEMPT: Final = Story(
    service="sandbox_failed_attempt",
    mails=(CONFIRMED, COLLECTED, AT_THE_DOOR, MISSED, AT_THE_DOOR, DELIVERED),
)

STORIES: Final[Mapping[str, Story]] = {
    "an-approved-order-is-delivered": Story(),
    "express-is-delivered": Story(service="express"),
    "many-lines-are-delivered-together": Story(
        lines=(("notebook", 3, 650), ("desk-lamp", 1, 4990), ("shelf-kit", 2, 15900))
    ),
    "an-unknown-sku-is-rejected": _not_valid((("notebook", 1, 650), ("no-such-thing", 1, 1))),
    "a-wrong-price-is-rejected": _not_valid((("notebook", 1, 649),)),
    "another-currency-is-rejected": _not_valid((("ink-refill", 1, 1299),), currency="USD"),
    "nothing-to-pay-is-rejected": _not_valid((("free-sample", 1, 0),)),
    "no-piece-left-is-out-of-stock": _out_of_stock((("retired-mug", 1, 1450),)),
    "one-missing-line-holds-nothing-of-the-others": _out_of_stock(
        (("notebook", 5, 650), ("retired-mug", 1, 1450)), asked=(PARTLY_THERE,)
    ),
    "a-declined-payment-is-told": _declined("tok_sandbox_declined"),
    "an-unknown-token-is-declined": _declined("tok_canary_8f2a91"),
    "a-pending-payment-settles": Story(token="tok_sandbox_pending_settles"),  # noqa: S106 - no secret
    "a-payment-pending-for-ever-expires": PAYMENT_EXPIRED,
    "a-lost-answer-charges-once": Story(token="tok_sandbox_lost_answer"),  # noqa: S106 - no secret
    "a-short-outage-of-the-provider-heals": Story(token="tok_sandbox_down_2"),  # noqa: S106 - no secret
    "a-long-outage-of-the-provider-cancels": PROVIDER_DOWN,
    "an-outage-at-the-capture-heals": Story(token="tok_sandbox_capture_down_2"),  # noqa: S106 - no secret
    "a-short-outage-of-the-carrier-heals": Story(service="sandbox_down_2"),
    "a-long-outage-of-the-carrier-gives-the-money-back": _not_shipped(
        "sandbox_down", "book_shipment: provider_unavailable"
    ),
    "a-lost-answer-of-the-carrier-books-once": Story(service="sandbox_lost_answer"),
    "a-refusal-of-the-carrier-gives-the-money-back": _not_shipped(
        "sandbox_refused", "refused_by_carrier"
    ),
    "a-parcel-that-vanishes-is-lost": LOST,
    "a-parcel-that-nobody-collects-is-called-off": UNCOLLECTED,
    "a-parcel-that-nobody-takes-comes-back": RETURNED,
    "a-second-attempt-delivers": SECOND_ATTEMPT,
}
