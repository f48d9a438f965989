"""Ports to the systems outside, and the adapters that reach them.

A port says what this domain needs, in its own words; every call may raise
``ProviderUnavailableError`` or ``StorageUnavailableError``. The systems themselves are simulated in
shared.sandbox.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from shared.notifications.contacts import Contact
from shared.ordering import Customer
from shared.post import Post
from shared.sandbox.carrier import CarrierLedger, TrackingStatus
from shared.settings import current_settings
from shared.storage import Storage, open_storage
from shared.stored_requests import StoredRequests
from workflows.delivery_tracking.models import DeliveryStatus, Reading


class Carrier(Protocol):
    """Who knows where parcels are."""

    def reading(self, shipment_id: str, *, as_of: datetime) -> Reading:
        """Say where a parcel is at an instant."""
        ...


class Writer(Protocol):
    """Who writes to customers."""

    def tell(self, key: str, *, contact: Contact, subject: str, text: str, at: datetime) -> bool:
        """Write once per key, as they chose; False when it is refused for good."""
        ...


class Contacts(Protocol):
    """Who knows how a customer wants to be written to."""

    def of(self, business_id: str, *, table: str) -> Contact:
        """Return the contact kept with a stored request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything outside that tracking touches."""

    carrier: Carrier
    post: Writer
    contacts: Contacts


@functools.cache
def outside() -> Outside:
    """Connect to the outside, once per process."""
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Outside(
        carrier=SandboxCarrier(CarrierLedger(storage, transit=settings.sandbox_transit)),
        post=Post.open(settings, storage),
        contacts=StoredContacts(storage),
    )


STATUSES: Mapping[TrackingStatus, DeliveryStatus] = MappingProxyType(
    {
        TrackingStatus.LABEL_CREATED: DeliveryStatus.BOOKED,
        TrackingStatus.PICKED_UP: DeliveryStatus.IN_TRANSIT,
        TrackingStatus.IN_TRANSIT: DeliveryStatus.IN_TRANSIT,
        TrackingStatus.OUT_FOR_DELIVERY: DeliveryStatus.OUT_FOR_DELIVERY,
        TrackingStatus.FAILED_ATTEMPT: DeliveryStatus.ATTEMPT_FAILED,
        TrackingStatus.RETURNING: DeliveryStatus.RETURNING,
        TrackingStatus.DELIVERED: DeliveryStatus.DELIVERED,
        TrackingStatus.RETURNED: DeliveryStatus.RETURNED,
        TrackingStatus.CANCELLED: DeliveryStatus.CANCELLED,
    }
)


class SandboxCarrier:
    """Parcels in the sandbox carrier's ledger."""

    def __init__(self, ledger: CarrierLedger) -> None:
        self._ledger = ledger

    def reading(self, shipment_id: str, *, as_of: datetime) -> Reading:
        """Say where a parcel is at an instant."""
        tracking = self._ledger.track(shipment_id, as_of=as_of)
        return Reading(
            status=STATUSES[tracking.status],
            scans=len(tracking.scans),
            next_check_s=tracking.next_check_after.total_seconds(),
        )


class StoredContacts:
    """Contacts kept with the requests that other domains stored."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def of(self, business_id: str, *, table: str) -> Contact:
        """Return the contact kept with a stored request."""
        body = StoredRequests(self._storage.table(table)).load(business_id).body
        return Customer.from_json(body["customer"]).contact
