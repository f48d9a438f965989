"""Card payments with Stripe: PaymentIntents whose amount is held first and captured later.

Every call that changes something carries an idempotency key derived from the payment's own, so it
may be repeated. Notices that Stripe sends are read elsewhere; they only say that it is time to ask.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from shared.errors import ProviderUnavailableError, StorageUnavailableError
from shared.providers.payments import ProviderPayment, ProviderStatus
from shared.providers.stripe_amounts import NotPayableError, stripe_amount
from shared.providers.stripe_intents import CalledOff, IntentBook

if TYPE_CHECKING:
    from stripe import PaymentIntent, RequestOptions, StripeClient

# Connecting and reading; an activity repeats what took longer.
_TIMEOUT_S: Final = (3.05, 20.0)
_WITH_CHARGE: Final = {"expand": ["latest_charge"]}
# In these an intent has not been tried with the customer's payment method.
_UNTRIED: Final = frozenset({"requires_confirmation", "requires_payment_method"})
# The reason that is left on an intent that could not be tried; undoing one gives none.
_REFUSED: Final = "abandoned"
_CANNOT_BE_TRIED: Final = ProviderPayment(status=ProviderStatus.DECLINED, payment_id=None)
_NEVER_MADE: Final = ProviderPayment(status=ProviderStatus.VOIDED, payment_id=None)


class StripePayments:
    """Holds, takes and returns money; a payment is known by the key it was authorized under.

    Every method may raise ``ProviderUnavailableError``: the outcome is unknown, so repeat the call
    or ask with ``find``. What a call is not allowed to do is not done; compare the status.

    Args:
        client: The library's client.
        intents: Which intent belongs to which key.
    """

    def __init__(self, client: "StripeClient", intents: IntentBook) -> None:
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds
        self._book = intents

    @classmethod
    def connect(cls, api_key: str, *, intents: IntentBook, base_url: str | None = None) -> Self:
        """Connect with a secret key; ``base_url`` is for a server that stands for Stripe's."""
        import stripe  # noqa: PLC0415 - large, and needed by those alone who pay with it

        stripe.enable_telemetry = False
        client = stripe.StripeClient(
            api_key,
            base_addresses={"api": base_url} if base_url else None,
            max_network_retries=0,  # activities are retried as a whole
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_S),
        )
        return cls(client, intents)

    def authorize(
        self, key: str, *, amount_minor: int, currency: str, token: str
    ) -> ProviderPayment:
        """Hold the amount on a payment method (``pm_…``); a repeat answers with the first payment.

        DECLINED without an id: Stripe cannot take this amount in this currency.
        """
        with _faults_named():
            try:
                known = self._book.find(key) or self._made(key, amount_minor, currency)
            except NotPayableError:
                return _CANNOT_BE_TRIED
            if isinstance(known, CalledOff):
                return _NEVER_MADE
            intent = self._retrieved(known)
            if intent.status in _UNTRIED and intent.last_payment_error is None:
                intent = self._confirmed(key, intent, token)
            return _payment(intent)

    def find(self, key: str) -> ProviderPayment | None:
        """Return the payment made under a key, or None when there is none (yet)."""
        with _faults_named():
            known = self._book.find(key)
            match known:
                case None:
                    return None
                case CalledOff():
                    return _NEVER_MADE
                case _:
                    return _payment(self._retrieved(known))

    def capture(self, key: str) -> ProviderPayment | None:
        """Take the held amount; CAPTURED is the only success, None when there is no payment."""
        with _faults_named():
            known = self._book.find(key)
            if known is None or isinstance(known, CalledOff):
                return None
            intent = self._retrieved(known)
            if intent.status == "requires_capture":
                intent = self._moved(intent, self._intents.capture, f"{key}:capture")
            return _payment(intent)

    def undo(self, key: str) -> ProviderPayment:
        """Drop the hold, or give back what was taken; no payment can be made under the key then."""
        with _faults_named():
            known = self._book.find(key) or self._book.call_off(key)
            if isinstance(known, CalledOff):
                return _NEVER_MADE
            intent = self._retrieved(known)
            if intent.status not in {"succeeded", "canceled"}:
                intent = self._moved(intent, self._intents.cancel, f"{key}:void")
            payment = _payment(intent)
            if payment.status is ProviderStatus.CAPTURED:
                return self._refunded(key, payment)
            return payment

    def _made(self, key: str, amount_minor: int, currency: str) -> str | CalledOff:
        """Make an intent that holds nothing yet, and write it down."""
        intent = self._intents.create(
            {
                "amount": stripe_amount(amount_minor, currency),
                "currency": currency.lower(),
                "capture_method": "manual",
                "payment_method_types": ["card"],
                "metadata": {"key": key},
            },
            _under(f"{key}:create"),
        )
        return self._book.note(key, intent.id)

    def _retrieved(self, intent: str) -> "PaymentIntent":
        return self._intents.retrieve(intent, _WITH_CHARGE)

    def _confirmed(self, key: str, intent: "PaymentIntent", token: str) -> "PaymentIntent":
        """Try the payment method; an intent whose method is refused stands as it is then."""
        import stripe  # noqa: PLC0415 - see connect

        try:
            return self._intents.confirm(
                intent.id, {"payment_method": token, **_WITH_CHARGE}, _under(f"{key}:confirm")
            )
        except stripe.CardError:
            return self._retrieved(intent.id)
        except (stripe.InvalidRequestError, stripe.IdempotencyError):
            # No such payment method, another one under the same key, or called off meanwhile.
            return self._moved(intent, self._refuse, f"{key}:refuse")

    def _refuse(
        self, intent: str, params: Mapping[str, Any], options: "RequestOptions"
    ) -> "PaymentIntent":
        return self._intents.cancel(intent, {**params, "cancellation_reason": _REFUSED}, options)

    def _moved(
        self,
        intent: "PaymentIntent",
        move: "Callable[[str, Mapping[str, Any], RequestOptions], PaymentIntent]",
        key: str,
    ) -> "PaymentIntent":
        """Move an intent on, or return it as it stands when it cannot go there."""
        import stripe  # noqa: PLC0415 - see connect

        try:
            return move(intent.id, _WITH_CHARGE, _under(key))
        except stripe.InvalidRequestError:
            return self._retrieved(intent.id)

    def _refunded(self, key: str, payment: ProviderPayment) -> ProviderPayment:
        import stripe  # noqa: PLC0415 - see connect

        try:
            self._refunds.create({"payment_intent": payment.payment_id}, _under(f"{key}:refund"))
        except stripe.InvalidRequestError as refused:
            if refused.code != "charge_already_refunded":
                return payment
        return ProviderPayment(status=ProviderStatus.REFUNDED, payment_id=payment.payment_id)


def _under(key: str) -> "RequestOptions":
    return {"idempotency_key": key}


@contextmanager
def _faults_named() -> Generator[None]:
    """Call what leaves the outcome open by one name; Stripe's messages may quote what was sent."""
    import stripe  # noqa: PLC0415 - see connect

    try:
        yield
    except stripe.StripeError as failure:
        kind = type(failure).__name__
        raise ProviderUnavailableError(f"Stripe did not answer as it should: {kind}") from None
    except StorageUnavailableError as failure:
        raise ProviderUnavailableError("the book of payments did not answer") from failure


def _payment(intent: "PaymentIntent") -> ProviderPayment:
    return ProviderPayment(status=_status(intent), payment_id=intent.id)


def _status(intent: "PaymentIntent") -> ProviderStatus:
    match intent.status:
        case "requires_capture":
            return ProviderStatus.AUTHORIZED
        case "succeeded":
            charge = intent.latest_charge
            is_back = charge is not None and not isinstance(charge, str) and charge.refunded
            return ProviderStatus.REFUNDED if is_back else ProviderStatus.CAPTURED
        case "canceled" if intent.cancellation_reason == _REFUSED:
            return ProviderStatus.DECLINED
        case "canceled":
            return ProviderStatus.VOIDED
        case "requires_payment_method" if intent.last_payment_error is not None:
            return ProviderStatus.DECLINED
        case _:
            return ProviderStatus.PENDING
