"""What a customer's order is made of, wherever it is sent: who, where to, how, and how it is paid.

Boundary models only; lines and prices differ between domains and are theirs.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.fields import matching
from shared.models import EdgeModel
from shared.notifications.contacts import Channel, Contact
from shared.personal import (
    Country,
    DeviceToken,
    Email,
    PaymentToken,
    Phone,
    PlainText,
    PostalCode,
)

Identifier = Annotated[
    str,
    matching(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
        "1 to 64 letters, digits, - and _, beginning with a letter or digit",
    ),
]
Service = Annotated[
    str,
    matching(r"[a-z][a-z0-9_]{0,31}", "1 to 32 of a-z, 0-9 and _, beginning with a letter"),
]
Quantity = Annotated[int, Field(ge=1, le=10_000)]


class Customer(EdgeModel):
    """Who ordered, and how they want to be written to.

    Without ``notify_by`` they get mail. Short messages need a ``phone``, pushes a ``device`` (a
    push service's token); where the application has no service for them, mail is written instead.
    """

    customer_id: Identifier
    email: Email
    notify_by: Channel | None = None
    phone: Phone | None = None
    device: DeviceToken | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.notify_by is Channel.SMS and self.phone is None:
            raise PydanticCustomError("unreachable", "short messages need a phone")
        if self.notify_by is Channel.PUSH and self.device is None:
            raise PydanticCustomError("unreachable", "pushes need a device")
        return self

    @property
    def contact(self) -> Contact:
        """How to write to them."""
        match self.notify_by:
            case Channel.SMS:
                return Contact(email=self.email, channel=Channel.SMS, address=self.phone or "")
            case Channel.PUSH:
                return Contact(email=self.email, channel=Channel.PUSH, address=self.device or "")
            case Channel.EMAIL | None:
                return Contact(email=self.email)


class Address(EdgeModel):
    """Where the parcel goes."""

    name: PlainText | None = None
    street: PlainText
    city: PlainText
    region: PlainText | None = None
    postal_code: PostalCode
    country: Country


class Shipping(EdgeModel):
    """How the parcel travels."""

    service: Service = "standard"


class PaymentMethod(EdgeModel):
    """The provider's token for the customer's payment method, never the method itself."""

    token: PaymentToken


class Line(Protocol):
    """Anything that is about pieces of a SKU."""

    @property
    def sku(self) -> str:
        """What is ordered."""
        ...


def _each_sku_once[L: Sequence[Line]](items: L) -> L:
    if len({item.sku for item in items}) < len(items):
        raise PydanticCustomError("duplicate_sku", "each sku may stand on one line only")
    return items


type Lines[L: Line] = Annotated[
    # At most what one storage transaction can reserve together.
    tuple[L, ...], Field(min_length=1, max_length=99), AfterValidator(_each_sku_once)
]
