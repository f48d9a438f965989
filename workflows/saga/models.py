"""What crosses a boundary of this domain: requests, the orchestration's input, answers, the result.

A saga's own input is a model of its definition; the base of those is here.
"""

import functools
from enum import StrEnum
from typing import Any, ClassVar, Self, override

from pydantic import AwareDatetime, create_model

from shared.models import EdgeModel, JsonObject, WireModel
from shared.money import Currency, MinorUnits
from shared.ordering import Identifier, Quantity
from shared.personal import PlainText
from shared.quote import PriceProblem, Quote, QuotedLine
from shared.saga import Entry


class SagaInput(EdgeModel):
    """The base of every definition's input.

    ``private`` names the fields that enter no history: activities find them in the stored request.
    """

    private: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def known_fields(cls) -> frozenset[str]:
        """The names, as they are on the wire, of what the orchestration may know."""
        return frozenset(
            field.alias or name
            for name, field in cls.model_fields.items()
            if name not in cls.private
        )

    def known(self) -> JsonObject:
        """Return what the orchestration may know."""
        return {
            name: value for name, value in self.to_json().items() if name in self.known_fields()
        }

    @property
    def contact(self) -> str:
        """Where somebody is written to about this saga; empty when nobody is."""
        return ""


class SagaRequest(EdgeModel):
    """The body of ``POST /api/sagas/{name}``; ``input`` is checked by the definition's model."""

    saga_id: Identifier
    input: SagaInput


@functools.cache
def request_model(input_model: type[SagaInput]) -> type[SagaRequest]:
    """Return the body's model for a definition: it names a wrong field by its whole path."""
    return create_model(
        f"{input_model.__name__}Request", __base__=SagaRequest, input=(input_model, ...)
    )


class CancelRequest(EdgeModel):
    """The body of ``POST /api/sagas/{instanceId}/cancel``."""

    reason: PlainText


class SagaStart(WireModel):
    """The orchestrator's input: which definition, and what it may know of the client's input."""

    saga: str
    version: int
    saga_id: Identifier
    request_id: str
    input: dict[str, Any]


class StepStart(WireModel):
    """The input of a step that runs beside others, as an orchestration of its own."""

    saga: str
    version: int
    step: str
    payload: dict[str, Any]


class StepEnd(WireModel):
    """How such a step ended, failures included: an answer, or a code for why there is none."""

    attempts: int
    answer: Any = None
    error: str | None = None

    @override
    def to_json(self) -> JsonObject:
        """Return plain JSON with every member: an answer of null is an answer."""
        return self.model_dump(mode="json", by_alias=True)


class SagaStatus(StrEnum):
    """Where a saga stands; the last three are ends."""

    RUNNING = "running"
    COMPENSATING = "compensating"
    NEEDS_ATTENTION = "needs_attention"  # an operator is waited for

    COMPLETED = "completed"
    COMPENSATED = "compensated"  # nothing of it is left
    SETTLED_BY_OPERATOR = "settled_by_operator"  # the ledger says what is left


class SagaResult(WireModel):
    """The orchestration's output; ``ledger`` has a line for every step of the definition."""

    saga_id: Identifier
    saga: str
    version: int
    status: SagaStatus
    reason: str | None = None
    output: dict[str, Any]
    ledger: tuple[Entry, ...]
    completed_at: AwareDatetime


class LineToPrice(WireModel):
    """So many pieces, and the price that the customer was shown, if they say so."""

    sku: str
    quantity: Quantity
    unit_price_minor: MinorUnits | None = None


class PriceOrder(WireModel):
    """Input: what do these lines cost?"""

    items: tuple[LineToPrice, ...]
    currency: Currency


class PricedOrder(WireModel):
    """The catalogue's answer; ``valid`` means that there are no problems."""

    valid: bool
    problems: tuple[PriceProblem, ...]
    items: tuple[QuotedLine, ...]
    total_minor: int

    @classmethod
    def of(cls, quote: Quote) -> Self:
        """Keep of a quote what the saga goes on with."""
        return cls(
            valid=quote.is_valid,
            problems=quote.problems,
            items=quote.lines,
            total_minor=quote.total_minor,
        )


class UpdateOrderStatus(WireModel):
    """Input: note an order's status, once per key."""

    order_id: str
    status: str
    key: str
    at: AwareDatetime


class OrderStatusNoted(WireModel):
    """Whether the status was noted; not when it had been called off before."""

    noted: bool
