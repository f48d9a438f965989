"""Ports to the systems outside, and what they are connected to.

A port says what this domain needs, in its own words; every call may raise
``ProviderUnavailableError`` or ``StorageUnavailableError``. The adapters are in adapters; the
systems themselves are simulated in shared.sandbox, or reached by shared.providers.
"""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.notifications.contacts import Contact
from shared.post import Post
from shared.providers.carrier import HttpCarrier
from shared.sandbox.carrier import CarrierLedger
from shared.settings import Settings, current_settings
from shared.storage import Storage, open_storage
from workflows.delivery_tracking.adapters import CarrierByHttp, SandboxCarrier, StoredContacts
from workflows.delivery_tracking.models import Tracking
from workflows.delivery_tracking.scans import KeptScans


class Carrier(Protocol):
    """Who has the parcels."""

    def reading(self, shipment_id: str, *, as_of: datetime) -> Tracking:
        """Say which scans were made by an instant."""
        ...

    def trace(self, shipment_id: str, *, number: int, at: datetime) -> bool:
        """Look for a parcel, once per number; False when it refuses to."""
        ...

    def claim(self, shipment_id: str, *, at: datetime) -> bool:
        """Take a claim for a parcel that is lost, once; False when it refuses to."""
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
    scans: KeptScans
    post: Writer
    contacts: Contacts


@functools.cache
def kept_scans() -> KeptScans:
    """Open which scans are kept, once per process.

    Raises:
        StorageUnavailableError: The next call tries again.
    """
    settings = current_settings()
    return KeptScans.open(open_storage(settings.storage, prefix=settings.data_prefix))


@functools.cache
def outside() -> Outside:
    """Connect to the outside, once per process."""
    settings = current_settings()
    storage = open_storage(settings.storage, prefix=settings.data_prefix)
    return Outside(
        carrier=_carrier(settings, storage),
        scans=KeptScans.open(storage),
        post=Post.open(settings, storage),
        contacts=StoredContacts(storage),
    )


def _carrier(settings: Settings, storage: Storage) -> Carrier:
    if settings.carrier is None:
        return SandboxCarrier(CarrierLedger(storage, transit=settings.sandbox_transit))
    return CarrierByHttp(HttpCarrier(settings.carrier))
