"""The sandbox's books, read by a test as an auditor would: after the fact and past the app.

One reading is a value; an audit of it says whether every piece and every cent is where it belongs.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from shared.sandbox.accounts import Effect, EffectKind, balance_of
from shared.sandbox.carrier import CarrierLedger, Shipment
from shared.sandbox.outbox import Message, Outbox
from shared.sandbox.payments import PaymentLedger, payment_id_for
from shared.sandbox.stock import Reservation, ReservationState, StockLedger, StockLevel
from shared.settings.storage import ConnectionString
from shared.storage import Storage

_OPEN: Final = frozenset({ReservationState.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything in the books at one moment."""

    seeded: Mapping[str, int]
    levels: Mapping[str, StockLevel]
    reservations: tuple[Reservation, ...]
    effects: tuple[Effect, ...]
    shipments: tuple[Shipment, ...]
    messages: tuple[Message, ...]

    def money_of(self, order_id: str) -> tuple[str, ...]:
        """What happened to an order's money, in the order of time."""
        payment_id = payment_id_for(f"order-{order_id}:authorize")
        return tuple(e.kind.value for e in self.effects if e.payment_id == payment_id)

    def stock_of(self, order_id: str) -> str | None:
        """Where an order's last reservation stands; None when there never was one."""
        first = f"order-{order_id}:reserve"
        found = [
            reservation.state.value
            for reservation in self.reservations  # by id, so that a further round is behind
            if reservation.reservation_id == first
            or reservation.reservation_id.startswith(f"{first}:")
        ]
        return found[-1] if found else None

    def parcels_of(self, order_id: str) -> int:
        return sum(shipment.order_id == order_id for shipment in self.shipments)

    def mails_to(self, order_id: str) -> tuple[str, ...]:
        """The subjects of an order's mails in the order of time, the order's id left out."""
        mine = [m for m in self.messages if m.recipient == f"{order_id}@example.com"]
        return tuple(
            m.subject.replace(f" {order_id}", "") for m in sorted(mine, key=lambda m: m.at)
        )

    def audit(self, *, sold: Mapping[str, int]) -> None:
        """Fail unless all ends are tied up and everything adds up.

        Args:
            sold: what each fulfilled order cost in EUR minor units, by order id.
        """
        assert not [r for r in self.reservations if r.state in _OPEN]
        assert self._left_the_shelves() == self._committed()
        assert all(level.reserved == 0 for level in self.levels.values())
        self._audit_money(sold)
        assert sorted(s.order_id for s in self.shipments) == sorted(sold)
        assert Counter(r.state for r in self.reservations)[ReservationState.COMMITTED] == len(sold)
        keys = Counter(message.key for message in self.messages)
        assert set(keys.values()) <= {1}, keys.most_common(3)

    def _left_the_shelves(self) -> dict[str, int]:
        gone = {sku: pieces - self.levels[sku].on_hand for sku, pieces in self.seeded.items()}
        return {sku: pieces for sku, pieces in gone.items() if pieces}

    def _committed(self) -> dict[str, int]:
        pieces: defaultdict[str, int] = defaultdict(int)
        for reservation in self.reservations:
            if reservation.state is ReservationState.COMMITTED:
                for line in reservation.lines:
                    pieces[line.sku] += line.quantity
        return dict(pieces)

    def _audit_money(self, sold: Mapping[str, int]) -> None:
        assert {effect.currency for effect in self.effects} <= {"EUR"}
        balance = balance_of(self.effects, currency="EUR")
        assert balance.held_minor == 0
        assert balance.net_minor == sum(sold.values())
        kinds = Counter(effect.kind for effect in self.effects)
        closed = kinds[EffectKind.CAPTURE] + kinds[EffectKind.VOID]
        assert kinds[EffectKind.AUTHORIZE] == closed
        assert kinds[EffectKind.CAPTURE] - kinds[EffectKind.REFUND] == len(sold)


def read_books(storage: Storage, *, seeded: Mapping[str, int]) -> Reading:
    """Read what the sandbox's ledgers say now."""
    outbox = Outbox(storage)
    stock = StockLedger(storage)
    return Reading(
        seeded=seeded,
        levels=stock.levels(),
        reservations=stock.reservations(),
        effects=tuple(PaymentLedger(storage).effects()),
        shipments=CarrierLedger(storage, transit=timedelta(seconds=1)).shipments(),
        messages=tuple(map(outbox.read, outbox.list())),
    )


class Books:
    """Books of a test's own in the run's Azurite, filled before the app looks at them.

    Args:
        connection: the storage account.
        stock: the pieces on every shelf that the test orders from.
    """

    def __init__(self, connection: str, *, stock: Mapping[str, int]) -> None:
        self.prefix = f"t{uuid4().hex[:12]}"
        self._seeded = dict(stock)
        self._storage = Storage(ConnectionString(value=connection), prefix=self.prefix)
        StockLedger(self._storage).seed(stock)

    def read(self) -> Reading:
        return read_books(self._storage, seeded=self._seeded)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._storage.close()
