"""How the systems outside say what this domain needs: an adapter for each port and provider."""

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.ordering import Address
from shared.providers.carrier import BookedParcels, HttpCarrier, Refusal
from shared.providers.payments import ProviderPayment
from shared.providers.stripe_payments import StripePayments
from shared.saga import Undone
from shared.sandbox.carrier import (
    AlreadyPickedUp,
    CarrierLedger,
    Refused,
    Shipment as BookedShipment,
    shipment_id_for,
)
from shared.sandbox.payments import (
    KeyReused,
    Payment as LedgerPayment,
    PaymentLedger,
    PaymentStatus as LedgerStatus,
    payment_id_for,
)
from shared.sandbox.stock import OutOfStock, ReservationState, Reserved, StockLedger, StockLine
from workflows.order_processing.models import OrderLine
from workflows.order_processing.questions import (
    Booking,
    BookShipment,
    Direction,
    Payment,
    PaymentStatus,
    Reservation,
    Shipment,
    Shortage,
)


class SandboxStock:
    """Stock in the sandbox's warehouse book."""

    def __init__(self, ledger: StockLedger) -> None:
        self._ledger = ledger

    def reserve(
        self, reservation_id: str, *, items: Sequence[OrderLine], expires_at: datetime
    ) -> Reservation:
        """Hold everything or nothing."""
        lines = [StockLine(sku=item.sku, quantity=item.quantity) for item in items]
        match self._ledger.reserve(reservation_id, lines, expires_at=expires_at):
            case Reserved(warehouses=warehouses):
                return Reservation(reserved=True, warehouses=warehouses)
            case OutOfStock(missing=missing):
                return Reservation(
                    reserved=False,
                    shortages=tuple(
                        Shortage(
                            sku=short.sku, requested=short.requested, available=short.available
                        )
                        for short in missing
                    ),
                )
            case _:
                return Reservation(reserved=False)

    def extend(self, reservation_id: str, *, until: datetime) -> Reservation:
        """Hold on for longer."""
        match self._ledger.extend(reservation_id, until=until):
            case Reserved(warehouses=warehouses):
                return Reservation(reserved=True, warehouses=warehouses)
            case _:
                return Reservation(reserved=False)

    def commit(self, reservation_id: str) -> Reservation:
        """Turn the hold into a sale."""
        state = self._ledger.commit(reservation_id)
        return Reservation(reserved=state is ReservationState.COMMITTED)

    def release(self, reservation_id: str) -> None:
        """Give back whatever is held."""
        self._ledger.release(reservation_id)


class SandboxPayments:
    """Payments in the sandbox provider's ledger."""

    def __init__(self, ledger: PaymentLedger) -> None:
        self._ledger = ledger

    def authorize(self, key: str, *, amount_minor: int, currency: str, token: str) -> Payment:
        """Hold the amount."""
        return _payment(
            self._ledger.authorize(key, amount_minor=amount_minor, currency=currency, token=token)
        )

    def find(self, key: str) -> Payment:
        """Say what is known."""
        return _payment(self._ledger.find(key))

    def capture(self, key: str) -> Payment:
        """Take the held amount."""
        try:
            return _payment(self._ledger.capture(payment_id_for(key), f"{key}:capture"))
        except LookupError:
            return _payment(None)

    def undo(self, key: str) -> Payment:
        """Void the hold or refund what was taken."""
        payment_id = payment_id_for(key)
        # Voiding what has not come also keeps a late authorization from holding anything.
        payment = self._ledger.void(payment_id, f"{key}:void")
        if payment.status is LedgerStatus.CAPTURED:
            payment = self._ledger.refund(payment_id, f"{key}:refund")
        return _payment(payment)


class CardPayments:
    """Payments by card at a provider that exists."""

    def __init__(self, provider: StripePayments) -> None:
        self._provider = provider

    def authorize(self, key: str, *, amount_minor: int, currency: str, token: str) -> Payment:
        """Hold the amount."""
        return _provided(
            self._provider.authorize(key, amount_minor=amount_minor, currency=currency, token=token)
        )

    def find(self, key: str) -> Payment:
        """Say what is known."""
        return _provided(self._provider.find(key))

    def capture(self, key: str) -> Payment:
        """Take the held amount."""
        return _provided(self._provider.capture(key))

    def undo(self, key: str) -> Payment:
        """Void the hold or refund what was taken."""
        return _provided(self._provider.undo(key))


def _provided(found: ProviderPayment | None) -> Payment:
    if found is None:
        return Payment(status=PaymentStatus.ABSENT)
    return Payment(status=PaymentStatus(found.status), payment_id=found.payment_id)


class SandboxCarrier:
    """Shipments in the sandbox carrier's ledger."""

    def __init__(self, ledger: CarrierLedger) -> None:
        self._ledger = ledger

    def book(
        self,
        booking: BookShipment,
        *,
        address: Callable[[], Address],  # noqa: ARG002 - the sandbox drives nowhere
    ) -> Booking:
        """Hand over an order's parcels, or have them fetched from the customer."""
        match self._ledger.book(
            booking.key,
            order_id=booking.order_id,
            service=booking.service,
            parcels=booking.parcels,
            is_return=booking.direction is Direction.RETURN,
            at=booking.at,
        ):
            case BookedShipment() as booked:
                shipment = Shipment(
                    shipment_id=booked.shipment_id,
                    tracking_number=booked.tracking_number,
                    expected_at=booked.estimated_delivery_at,
                )
                return Booking(shipment=shipment)
            case Refused(reason=reason):
                return Booking(reason=reason)

    def cancel(self, key: str, *, at: datetime) -> Undone:
        """Take it back."""
        answer = self._ledger.cancel(shipment_id_for(key), f"{key}:cancel", at=at)
        if isinstance(answer, AlreadyPickedUp):
            return Undone(undone=False, reason="already_picked_up")
        return Undone(undone=True)


class CarrierByHttp:
    """Shipments with a carrier that exists; a shipment's id is the key that it is booked under."""

    def __init__(self, carrier: HttpCarrier) -> None:
        self._carrier = carrier

    def book(self, booking: BookShipment, *, address: Callable[[], Address]) -> Booking:
        """Hand over an order's parcels, or have them fetched from the customer."""
        answer = self._carrier.book(
            booking.key,
            {
                "reference": booking.reference or booking.key,
                "orderId": booking.order_id,
                "direction": booking.direction,
                "service": booking.service,
                "parcels": booking.parcels,
                "address": address().to_json(),
            },
        )
        match answer:
            case BookedParcels():
                shipment = Shipment(
                    shipment_id=answer.shipment_id,
                    tracking_number=answer.tracking_number,
                    expected_at=answer.estimated_delivery_at,
                )
                return Booking(shipment=shipment)
            case Refusal(reason=reason):
                return Booking(reason=reason)

    def cancel(self, key: str, *, at: datetime) -> Undone:  # noqa: ARG002 - it has its own clock
        """Take it back."""
        refusal = self._carrier.cancel(key)
        return Undone(undone=refusal is None, reason=refusal.reason if refusal else None)


def _payment(found: LedgerPayment | KeyReused | None) -> Payment:
    match found:
        case LedgerPayment(payment_id=payment_id, status=status):
            return Payment(status=PaymentStatus(status.value), payment_id=payment_id)
        case KeyReused(payment_id=payment_id):
            # A key is this order's alone, so another content means that something is badly wrong:
            # nothing is held for this order, and asking again changes nothing.
            return Payment(status=PaymentStatus.DECLINED, payment_id=payment_id)
        case None:
            return Payment(status=PaymentStatus.ABSENT)
