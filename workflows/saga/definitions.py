"""The sagas that clients can start: a registry, and the definitions of this application.

A definition that cannot work keeps the app from loading: function_app calls ``refuse_invalid``.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Final

from shared.errors import SagaUnknownError
from workflows.saga import names
from workflows.saga.checks import InvalidSagaError, problems_in
from workflows.saga.orders import OrderSagaInput
from workflows.saga.plan import At, Definition, Expect, KeyOf, Now, Step, Value

# Longer than the payment and what precedes it may take with all their retries.
_HOLD: Final = timedelta(minutes=90)

ORDER: Final = Definition(
    name="order",
    input_model=OrderSagaInput,
    steps=(
        Step(
            name="price_order",
            action=names.PRICE_ORDER,
            inputs={"items": At("input.items"), "currency": At("input.currency")},
            expects=(Expect(path="valid", one_of=(True,), otherwise="not_valid"),),
            reads_only=True,
        ),
        Step(
            name="open_order",
            action=names.UPDATE_ORDER_STATUS,
            inputs={
                "orderId": At("saga.id"),
                "status": Value("processing"),
                "key": KeyOf(),
                "at": Now(),
            },
            expects=(Expect(path="noted", one_of=(True,), otherwise="called_off"),),
            compensation=names.FAIL_ORDER_STATUS,
        ),
        Step(
            name="reserve_inventory",
            action=names.RESERVE_STOCK,
            inputs={
                "reservationId": KeyOf(),
                "items": At("results.price_order.items"),
                "expiresAt": Now(plus=_HOLD),
            },
            expects=(Expect(path="reserved", one_of=(True,), otherwise="out_of_stock"),),
            compensation=names.RELEASE_STOCK,
        ),
        Step(
            name="process_payment",
            action=names.AUTHORIZE_PAYMENT,
            inputs={
                "orderId": At("saga.id"),
                "requestId": At("saga.requestId"),
                "requestsTable": At("saga.requestsTable"),
                "key": KeyOf(),
                "amountMinor": At("results.price_order.totalMinor"),
                "currency": At("input.currency"),
            },
            expects=(
                Expect(
                    path="status",
                    one_of=("authorized", "captured"),
                    otherwise="payment_not_authorized",
                ),
            ),
            compensation=names.VOID_PAYMENT,
        ),
        Step(
            name="create_shipment",
            action=names.BOOK_SHIPMENT,
            inputs={
                "orderId": At("saga.id"),
                "requestsTable": At("saga.requestsTable"),
                "requestId": At("saga.requestId"),
                "key": KeyOf(),
                "service": At("input.shipping.service"),
                "at": Now(),
            },
            expects=(Expect(path="shipment.shipmentId", otherwise="refused_by_carrier"),),
            compensation=names.CANCEL_SHIPMENT,
        ),
        Step(
            name="capture_payment",
            action=names.CAPTURE_PAYMENT,
            inputs={"key": KeyOf("process_payment")},
            expects=(
                Expect(path="status", one_of=("captured",), otherwise="payment_not_captured"),
            ),
            pivot=True,
        ),
        Step(
            name="commit_inventory",
            action=names.COMMIT_STOCK,
            inputs={"reservationId": KeyOf("reserve_inventory")},
            expects=(Expect(path="reserved", one_of=(True,), otherwise="reservation_lost"),),
        ),
        Step(
            name="update_order_status",
            action=names.UPDATE_ORDER_STATUS,
            inputs={
                "orderId": At("saga.id"),
                "status": Value("completed"),
                "key": KeyOf(),
                "at": Now(),
            },
        ),
    ),
    outputs={
        "totalMinor": At("results.price_order.totalMinor"),
        "currency": At("input.currency"),
        "paymentId": At("results.process_payment.paymentId"),
        "shipmentId": At("results.create_shipment.shipment.shipmentId"),
        "trackingNumber": At("results.create_shipment.shipment.trackingNumber"),
        "problems": At("results.price_order.problems"),
    },
)


class Registry:
    """Definitions by name and version."""

    def __init__(self, *definitions: Definition) -> None:
        self._versions: dict[str, dict[int, Definition]] = {}
        for definition in definitions:
            self.register(definition)

    def register(self, definition: Definition) -> None:
        """Add a definition; call it while the app is loaded.

        Raises:
            InvalidSagaError: The name and version are taken.
        """
        versions = self._versions.setdefault(definition.name, {})
        if definition.version in versions:
            raise InvalidSagaError(
                f"saga {definition.name!r}: version {definition.version} is defined twice"
            )
        versions[definition.version] = definition

    def __iter__(self) -> Iterator[Definition]:
        """Yield every version of every definition."""
        for versions in self._versions.values():
            yield from versions.values()

    def newest(self, name: str) -> Definition:
        """Return what a client starts.

        Raises:
            SagaUnknownError: No saga has this name.
        """
        versions = self._versions.get(name)
        if not versions:
            raise SagaUnknownError("no saga has this name")
        return versions[max(versions)]

    def find(self, name: str, version: int) -> Definition:
        """Return what an instance was started with.

        Raises:
            LookupError: It is not registered any more.
        """
        try:
            return self._versions[name][version]
        except KeyError:
            raise LookupError(f"saga {name} has no version {version} any more") from None

    def refuse_invalid(self, activities: Collection[str]) -> None:
        """Keep the app from loading with a definition that cannot work.

        Raises:
            InvalidSagaError: It names every problem of every definition.
        """
        problems = [
            problem for definition in self for problem in problems_in(definition, activities)
        ]
        if problems:
            raise InvalidSagaError("\n".join(problems))


REGISTRY: Final = Registry(ORDER)
