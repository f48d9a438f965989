"""Stripe's adapter against a server that speaks its API: money moves once, whatever is lost."""

from collections.abc import Callable, Generator

import pytest

from shared.errors import ProviderUnavailableError
from shared.providers.payments import ProviderPayment, ProviderStatus
from shared.providers.stripe_intents import IntentBook
from shared.providers.stripe_payments import StripePayments
from tests.support.memory_table import MemoryTable
from tests.support.stripe_server import API_KEY, Answer, Ledger, StripeServer, stripe_server

pytestmark = pytest.mark.integration

KEY = "order-1:authorize"
VISA = "pm_card_visa"


@pytest.fixture
def server() -> Generator[StripeServer]:
    with stripe_server() as server:
        yield server


@pytest.fixture
def ledger(server: StripeServer) -> Ledger:
    return server.ledger


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def payments(server: StripeServer, table: MemoryTable) -> StripePayments:
    return StripePayments.connect(API_KEY, intents=IntentBook(table), base_url=server.url)


def authorized(payments: StripePayments, method: str = VISA) -> ProviderPayment:
    return payments.authorize(KEY, amount_minor=1999, currency="EUR", token=method)


def repeated(call: Callable[[], ProviderPayment | None], *, times: int = 5) -> ProviderPayment:
    """Repeat a call until it answers, as the retries of an activity do."""
    for _ in range(times):
        try:
            answer = call()
        except ProviderUnavailableError:
            continue
        assert answer is not None
        return answer
    raise AssertionError(f"no answer in {times} calls")


def test_money_is_held_then_taken_then_given_back(payments: StripePayments, ledger: Ledger) -> None:
    held = authorized(payments)
    taken = payments.capture(KEY)
    given_back = payments.undo(KEY)

    assert held.status is ProviderStatus.AUTHORIZED
    assert taken == ProviderPayment(status=ProviderStatus.CAPTURED, payment_id=held.payment_id)
    assert given_back.status is ProviderStatus.REFUNDED
    assert payments.find(KEY) == given_back
    assert (ledger.moved("captured"), ledger.moved("given_back")) == (1999, 1999)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("pm_card_chargeDeclined", ProviderStatus.DECLINED),
        ("pm_of_nobody", ProviderStatus.DECLINED),
        ("pm_card_authenticationRequired", ProviderStatus.PENDING),
    ],
)
def test_what_the_bank_says_is_a_value_and_stays(
    payments: StripePayments, method: str, status: ProviderStatus
) -> None:
    first = authorized(payments, method)

    assert first.status is status
    assert authorized(payments, method) == first
    assert payments.find(KEY) == first
    taken = payments.capture(KEY)
    assert taken is not None
    assert taken.status is status


def test_a_pending_payment_is_held_once_the_customer_has_agreed(
    payments: StripePayments, ledger: Ledger
) -> None:
    authorized(payments, "pm_card_authenticationRequired")
    ledger.finish_action(KEY)

    found = payments.find(KEY)

    assert found is not None
    assert found.status is ProviderStatus.AUTHORIZED


def test_undoing_what_was_never_made_keeps_it_from_being_made(
    payments: StripePayments, ledger: Ledger
) -> None:
    undone = payments.undo(KEY)

    assert undone.status is ProviderStatus.VOIDED
    assert authorized(payments).status is ProviderStatus.VOIDED
    assert payments.capture(KEY) is None
    assert ledger.intents == {}


def test_a_rival_that_calls_off_between_making_and_noting_wins(
    payments: StripePayments, table: MemoryTable, ledger: Ledger
) -> None:
    table.before_write.append(lambda: payments.undo(KEY))

    late = authorized(payments)

    assert late.status is ProviderStatus.VOIDED
    assert ledger.charges == {}


def test_a_held_payment_is_let_go(payments: StripePayments, ledger: Ledger) -> None:
    authorized(payments)

    assert payments.undo(KEY).status is ProviderStatus.VOIDED
    assert ledger.intent_of(KEY)["status"] == "canceled"
    assert payments.undo(KEY).status is ProviderStatus.VOIDED
    assert ledger.moved("captured") == 0


def test_a_payment_nobody_knows_is_absent(payments: StripePayments) -> None:
    assert payments.find(KEY) is None
    assert payments.capture(KEY) is None


# A whole life: create, retrieve, confirm; retrieve, capture; retrieve, refund.
REQUESTS = 7


@pytest.mark.parametrize("number", range(REQUESTS))
@pytest.mark.parametrize(
    "fault",
    [None, (500, {"error": {"message": "down"}}), (429, {"error": {"message": "slow down"}})],
    ids=["lost answer", "down", "too many requests"],
)
def test_any_request_may_fail_and_money_moves_once(
    payments: StripePayments, ledger: Ledger, number: int, fault: Answer | None
) -> None:
    ledger.faults[number] = fault

    held = repeated(lambda: authorized(payments))
    taken = repeated(lambda: payments.capture(KEY))
    given_back = repeated(lambda: payments.undo(KEY))

    assert held.status is ProviderStatus.AUTHORIZED
    assert taken.status is ProviderStatus.CAPTURED
    assert given_back.status is ProviderStatus.REFUNDED
    assert len(ledger.requests) > REQUESTS
    assert len(ledger.intents) == 1
    assert (ledger.moved("captured"), ledger.moved("given_back")) == (1999, 1999)


def test_an_amount_that_stripe_cannot_take_is_declined_before_anything_is_sent(
    payments: StripePayments, ledger: Ledger
) -> None:
    declined = payments.authorize(KEY, amount_minor=5124, currency="KWD", token=VISA)

    assert declined == ProviderPayment(status=ProviderStatus.DECLINED, payment_id=None)
    assert ledger.requests == []


def test_a_failure_says_nothing_of_what_was_sent(payments: StripePayments, ledger: Ledger) -> None:
    ledger.faults[0] = (401, {"error": {"message": f"no such key {API_KEY}, {VISA}"}})

    with pytest.raises(ProviderUnavailableError) as failure:
        authorized(payments)

    assert API_KEY not in str(failure.value)
    assert VISA not in str(failure.value)
    assert failure.value.__cause__ is None
