"""What a customer's order is made of, wherever it is sent: who, where to, how, and how it is paid.

Boundary models only; lines and prices differ between domains and are theirs.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.fields import matching
from shared.models import EdgeModel
from shared.personal import Country, Email, PaymentToken, PlainText, PostalCode

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
    """Who ordered."""

    customer_id: Identifier
    email: Email


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
