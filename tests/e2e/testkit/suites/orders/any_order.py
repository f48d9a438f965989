"""Any order, whatever goes wrong: money and goods are where its end says, and moved once.

The application, the SDK and the ledgers are real; the storage account is this process's memory, and
time is virtual. Run by test_testkit in a process of its own, once for each way in which operators
deal with what cannot go on by itself.
"""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings

from funchost.testing import BlockingHost, Cause, InstanceStatus
from scripts.layout import ROOT
from shared import attention
from shared.price_list import PriceList
from shared.sandbox.reservations import ReservationState
from tests.support.app_clock import let_the_app_follow
from tests.support.books import Reading, read_books
from tests.support.functions import activities_in, always
from tests.support.ledgers_at_the_end import ledgers_stand_as_said
from tests.support.memory_account import Held, MemoryStorage
from tests.support.orders import order, total_of
from tests.support.random_orders import (
    NEVER,
    OUTLASTS,
    Deed,
    OrderCase,
    Troublemaker,
    Way,
    order_cases,
)
from workflows.delivery_tracking import (
    activities as tracking_activities,
    names as tracking_names,
)
from workflows.order_processing import activities, gateways
from workflows.saga import activities as saga_activities

EXAMPLES: Final = int(os.environ.get("ORDER_EXAMPLES", "50"))
OPERATORS: Final = os.environ.get("ORDER_OPERATORS", "retry")  # or skip, accept, silent
SETTINGS: Final = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",  # nothing is kept there
    "DELIVERY_LIMIT_S": str(timedelta(days=2).total_seconds()),
    "SANDBOX_TRANSIT_S": str(timedelta(days=1).total_seconds()),
    "ORDER_RETURN_WINDOW_DAYS": "1",
}
IN_THE_END: Final = timedelta(days=60)  # whatever the carrier will scan, it has scanned
LONG_ENOUGH: Final = timedelta(days=4)  # what ends by itself has ended
ACTIVITIES: Final = (
    activities_in(activities.blueprint)
    | activities_in(tracking_activities.blueprint)
    | activities_in(saga_activities.blueprint)
)
SEEDED: Final = PriceList().stock()
NUMBERS: Final = itertools.count()
RUN: Final = settings(
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
    # Each example starts a host, so a failing one is shown as it is rather than shrunk for minutes.
    phases=[Phase.explicit, Phase.generate],
)


class Account(MemoryStorage):
    """The account of all examples; each finds it as the application has seeded it."""

    def __init__(self) -> None:
        super().__init__()
        self._seeded: Held | None = None

    def begin(self) -> None:
        """Make it as it was when the application had only just begun."""
        if self._seeded is None:
            gateways.outside()
            self._seeded = self.snapshot()
        self.restore(self._seeded)


ACCOUNT: Final = Account()
PATCH: Final = pytest.MonkeyPatch()  # for the life of the process
PATCH.setattr("shared.storage.connection.Storage", always(ACCOUNT))


def far_ahead(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Ask the carrier for the end of the journey at once: the way there is told elsewhere."""

    def ahead(payload: Any) -> Any:
        as_of = datetime.fromisoformat(payload["asOf"]) + IN_THE_END
        return check({**payload, "asOf": as_of.isoformat()})

    return ahead


def made_trouble(host: BlockingHost, case: OrderCase) -> None:
    """Let go wrong what the case says, and let the carrier be quick."""
    makers = {name: Troublemaker(real) for name, real in ACTIVITIES.items()}
    check = makers[tracking_names.CHECK_SHIPMENT]
    check.real = far_ahead(check.real)
    for mishap in case.mishaps:
        match mishap.way:
            case Way.BEFORE | Way.AFTER:
                makers[mishap.activity].left[mishap.way] += mishap.times
            case Way.TWICE:
                host.faults.deliver_twice(mishap.activity, times=mishap.times)
            case Way.REDELIVERED:
                host.faults.lose_answer(mishap.activity, times=mishap.times)
            case Way.SLOW:
                host.faults.slow(mishap.activity, timedelta(minutes=1), times=mishap.times)
    for name, maker in makers.items():
        host.faults.replace(name, maker)
        if case.is_paced:
            host.faults.slow(name, timedelta(seconds=1))
    said = {"decision": {"action": OPERATORS}} if OPERATORS != "silent" else {}
    host.faults.replace(attention.RAISE_ALERT, always(None))
    host.faults.replace(attention.FIND_DECISION, always(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How an order and its return stand, the books, and how each wish was answered."""

    order_id: str
    status: InstanceStatus
    sent_back: InstanceStatus | None
    books: Reading
    answers: Sequence[tuple[Deed, int]]

    def said(self, deed: Deed) -> list[int]:
        return [status for done, status in self.answers if done is deed]


def play(case: OrderCase) -> Played:
    """Run an order through everything to its end, or to where operators have to say something."""
    order_id = f"A{next(NUMBERS)}"
    body = order(order_id, lines=case.lines, token=case.token, service=case.service)
    # A customer who says a word twice pokes twice; of pokes, which hold nothing, one is enough.
    twice = [Cause.EVENT_OVERWRITTEN]
    with BlockingHost.open(ROOT, settings=SETTINGS, allow=twice) as host:
        let_the_app_follow(host, PATCH)
        ACCOUNT.begin()
        made_trouble(host, case)
        answers = list[tuple[Deed, int]]()
        instance_id = host.call_http("POST", "/api/orders", json=body).json()["instanceId"]
        passed = 0
        for second, deed in case.deeds:
            host.advance(timedelta(seconds=second - passed))
            passed = second
            if deed is Deed.CRASH:
                host.crash_and_restart()
            else:
                answers.append((deed, done(host, deed, body)))
        returns = [f"return-{order_id}"] if (Deed.RETURN, 202) in answers else []
        if OPERATORS == "silent":
            host.advance(LONG_ENOUGH)
        else:
            for each in (instance_id, *returns):
                host.until_done(each)
        return Played(
            order_id=order_id,
            status=host.status(instance_id),
            sent_back=host.status(returns[0]) if returns else None,
            books=read_books(ACCOUNT, seeded=SEEDED),
            answers=answers,
        )


def done(host: BlockingHost, deed: Deed, body: Any) -> int:
    """Do what a customer does, and return how it was answered."""
    wish = {"items": half_of(body)} if deed is Deed.AMEND else {"reason": "changed my mind"}
    return host.call_http("POST", f"/api/orders/{body['orderId']}/{deed}", json=wish).status


def half_of(body: Any) -> list[dict[str, Any]]:
    return [{"sku": i["sku"], "quantity": (i["quantity"] + 1) // 2} for i in body["items"]]


@pytest.mark.timeout(600)  # hundreds of orders
@RUN
@given(case=order_cases(longest=OUTLASTS if OPERATORS == "retry" else NEVER))
def test_money_and_goods_are_where_the_end_says_and_moved_once(case: OrderCase) -> None:
    played = play(case)
    everything_adds_up(played.books)
    outputs = list[Any]()
    for instance in filter(None, (played.status, played.sent_back)):
        event(f"{instance.name} {instance.runtime_status}")
        if instance.runtime_status == "Running":
            assert OPERATORS == "silent"
            assert instance.custom_status["status"] == "needs_attention"
            return
        assert instance.runtime_status == "Completed", instance.output
        event(f"{instance.name} {instance.output['status']}")
        outputs.append(instance.output)
    if any("settled" in output for output in outputs):
        assert OPERATORS in {"skip", "accept"}
        return
    ended_as_said(played, case)
    whoever_was_answered_was_heard(played)


def whoever_was_answered_was_heard(played: Played) -> None:
    """What was accepted from a customer counts, and nothing else does."""
    output = played.status.output
    cancelled, amended = played.said(Deed.CANCEL), played.said(Deed.AMEND)
    assert {status for _, status in played.answers} <= {200, 202, 409}
    if 202 in cancelled:
        assert not is_sold(played.books, played.order_id)
        assert played.sent_back is None
    if output["status"] == "cancelled":
        assert 202 in cancelled
    assert ("amendedItems" in output) <= (202 in amended)


def everything_adds_up(books: Reading) -> None:
    """Whatever happened: nothing twice, nothing from nowhere."""
    kinds = Counter(effect.kind.value for effect in books.effects)
    assert all(times == 1 for times in kinds.values()), kinds
    assert {e.currency for e in books.effects} <= {"EUR"}
    assert len({e.amount_minor for e in books.effects}) <= 1
    assert len(books.shipments) <= 2  # there, and back
    keys = Counter(message.key for message in books.messages)
    assert all(times == 1 for times in keys.values()), keys
    for sku, seeded in SEEDED.items():
        level = books.levels[sku]
        assert level.on_hand + pieces_of(books, sku, ReservationState.COMMITTED) == seeded
        assert level.reserved == pieces_of(books, sku, ReservationState.HELD)
        assert 0 <= level.reserved <= level.on_hand


def ended_as_said(played: Played, case: OrderCase) -> None:
    """What the order's end says is what the ledgers say."""
    output, books = played.status.output, played.books
    sent_back: dict[str, Any] = played.sent_back.output if played.sent_back else {}
    ledgers_stand_as_said(
        books, played.order_id, output["status"], sent_back=sent_back.get("status")
    )
    kinds = books.money_of(played.order_id)
    ordered = order("any", lines=case.lines)["items"]
    total = total_of({"items": output.get("amendedItems", ordered)})
    assert output["amounts"]["totalMinor"] == total
    assert output["amounts"]["capturedMinor"] == ("capture" in kinds) * total
    refunded = max(output["amounts"]["refundedMinor"], sent_back.get("refundedMinor", 0))
    assert refunded == ("refund" in kinds) * total
    assert {effect.amount_minor for effect in books.effects} <= {total}


def is_sold(books: Reading, order_id: str) -> bool:
    return "capture" in books.money_of(order_id) and "refund" not in books.money_of(order_id)


def pieces_of(books: Reading, sku: str, state: ReservationState) -> int:
    return sum(
        line.quantity
        for reservation in books.reservations
        if reservation.state is state
        for line in reservation.lines
        if line.sku == sku
    )
