"""How the systems outside say what this domain needs: an adapter for each port and provider."""

from datetime import datetime

from shared.errors import ProviderUnavailableError
from shared.notifications.contacts import Contact
from shared.ordering import Customer
from shared.providers.carrier import HttpCarrier
from shared.sandbox.carrier import CarrierLedger
from shared.storage import Storage
from shared.stored_requests import StoredRequests
from workflows.delivery_tracking.models import Scan, Tracking


class SandboxCarrier:
    """Parcels in the sandbox carrier's ledger."""

    def __init__(self, ledger: CarrierLedger) -> None:
        self._ledger = ledger

    def reading(self, shipment_id: str, *, as_of: datetime) -> Tracking:
        """Say which scans were made by an instant."""
        tracking = self._ledger.track(shipment_id, as_of=as_of)
        return Tracking(
            scans=tuple(
                Scan(scan_id=f"{number}:{scan.code}", code=scan.code, at=scan.at)
                for number, scan in enumerate(tracking.scans)
            ),
            next_check_s=tracking.next_check_after.total_seconds(),
        )

    def trace(self, shipment_id: str, *, number: int, at: datetime) -> bool:
        """Let the carrier look for it."""
        self._ledger.inquire(shipment_id, number=number, at=at)
        return True

    def claim(self, shipment_id: str, *, at: datetime) -> bool:
        """Ask for money."""
        self._ledger.claim(shipment_id, at=at)
        return True


class CarrierByHttp:
    """Parcels with a carrier that exists; a shipment's id is the key that it was booked under."""

    def __init__(self, carrier: HttpCarrier) -> None:
        self._carrier = carrier

    def reading(
        self,
        shipment_id: str,
        *,
        as_of: datetime,  # noqa: ARG002 - it tells all that it knows
    ) -> Tracking:
        """Say which scans were made so far."""
        told = self._carrier.tracking(shipment_id)
        try:
            return Tracking(
                scans=tuple(
                    Scan(scan_id=scan.scan_id, code=scan.code, at=scan.at) for scan in told.scans
                ),
                next_check_s=told.next_check_s,
            )
        except ValueError as problem:
            raise ProviderUnavailableError("the carrier tells what cannot be") from problem

    def trace(
        self,
        shipment_id: str,
        *,
        number: int,
        at: datetime,  # noqa: ARG002 - it has its own clock
    ) -> bool:
        """Let the carrier look for it."""
        return self._carrier.inquire(shipment_id, number)

    def claim(self, shipment_id: str, *, at: datetime) -> bool:  # noqa: ARG002 - as above
        """Ask for money."""
        return self._carrier.claim(shipment_id)


class StoredContacts:
    """Contacts kept with the requests that other domains stored."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def of(self, business_id: str, *, table: str) -> Contact:
        """Return the contact kept with a stored request."""
        body = StoredRequests(self._storage.table(table)).load(business_id).body
        return Customer.from_json(body["customer"]).contact
