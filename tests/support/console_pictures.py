"""Makes the pictures of docs/console.md: ``.venv/bin/python -m tests.support.console_pictures``.

A day of the real app in virtual time, seen in a real browser. The pictures are kept under
docs/images; somebody has to look at them.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Final

from scripts import storage
from scripts.console import say
from scripts.layout import ROOT
from shared.operations.findings import Finding, FindingKind, findings_board
from tests.support.approvals import a_level
from tests.support.browser import DESKTOP, PHONE, Scheme, opened_browser
from tests.support.console import CONSOLE, OPERATOR, WORKFLOWS, World, opened_world
from tests.support.orders import order
from workflows.order_processing import names as order_names

_FOLDER: Final = ROOT / "docs" / "images"
_HOUR: Final = timedelta(hours=1)
# How many orders are placed in which hour of the day before.
_DAY: Final = (1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 4, 3, 4, 5, 6, 5, 4, 3, 2, 2, 1, 1, 2, 3)
_TOKENS: Final = ("approved", "approved", "declined", "approved", "down_2", "approved", "approved")
_BIG: Final = (1280, 820)

# In virtual time nothing takes any time by itself.
_TAKES: Final = {
    order_names.VALIDATE_ORDER: 140,
    order_names.RESERVE_STOCK: 320,
    order_names.AUTHORIZE_PAYMENT: 1240,
    order_names.BOOK_SHIPMENT: 860,
    order_names.CANCEL_SHIPMENT: 410,
    order_names.VOID_PAYMENT: 700,
    order_names.CAPTURE_PAYMENT: 930,
    order_names.COMMIT_STOCK: 280,
    order_names.NOTIFY_CUSTOMER: 390,
    order_names.RECORD_OUTCOME: 120,
}

type _Picture = tuple[str, str, tuple[int, int], Scheme, str]
_PICTURES: Final[tuple[_Picture, ...]] = (
    ("console-overview", CONSOLE, _BIG, "light", OPERATOR),
    ("console-overview-dark", CONSOLE, _BIG, "dark", OPERATOR),
    ("console-workflows", WORKFLOWS, _BIG, "light", OPERATOR),
    ("console-workflow", f"{WORKFLOWS}/order-1044", DESKTOP, "light", OPERATOR),
    ("console-workflow-dark", f"{WORKFLOWS}/order-1099", DESKTOP, "dark", OPERATOR),
    ("console-terminate", f"{WORKFLOWS}/order-1099/terminate", (1280, 620), "light", OPERATOR),
    ("console-attention", f"{CONSOLE}/attention", (1280, 700), "light", OPERATOR),
    ("console-batch", f"{CONSOLE}/batches/spring-catalogue", _BIG, "light", OPERATOR),
    ("console-batches", f"{CONSOLE}/batches", (1280, 480), "light", OPERATOR),
    ("approval-inbox", "/api/inbox", (1280, 620), "light", OPERATOR),
    ("console-overview-phone", CONSOLE, PHONE, "light", OPERATOR),
    ("console-workflow-phone", f"{WORKFLOWS}/order-1099", PHONE, "dark", OPERATOR),
    ("console-attention-phone", f"{CONSOLE}/attention", PHONE, "dark", OPERATOR),
)


def main() -> None:
    """Let a day pass, and take the pictures of it."""
    with storage.opened() as opened, opened_browser() as browser:
        opened.wait_until_ready()
        connection = opened.ports.connection_string
        with opened_world(connection, browser, before=25 * _HOUR + timedelta(minutes=7)) as world:
            _live_a_day(world)
            _leave_work_to_do(world)
            for name, path, size, scheme, who in _PICTURES:
                with world.window(path, who=who, size=size, scheme=scheme) as sight:
                    sight.page.screenshot(path=_FOLDER / f"{name}.png", animations="disabled")
                say(f"docs/images/{name}.png")


def _live_a_day(world: World) -> None:
    for activity, milliseconds in _TAKES.items():
        world.host.faults.slow(activity, timedelta(milliseconds=milliseconds))
    numbers, tokens = count(1001), _tokens()
    for orders in _DAY:
        for _ in range(orders):
            world.order(str(next(numbers)), token=f"tok_sandbox_{next(tokens)}")
            world.host.advance(_HOUR / (orders + 1))
        world.host.advance(_HOUR / (orders + 1))
    for number in range(2001, 2006):
        body = order(str(number))
        world.post(f"/api/saga/order/{number}", body)
    world.host.advance(timedelta(minutes=5))


def _leave_work_to_do(world: World) -> None:
    """End where an operator comes in: a stuck order, open approvals, a batch half done."""
    world.approval("desks", OPERATOR, "controlling@example.com")
    world.approval(
        "monitors",
        chain=[a_level(OPERATOR, timeoutS=5 * 3600)],
        title="Twelve monitors for the support team",
        amount={"minor": 431_880, "currency": "EUR"},
    )
    world.approval(
        "training",
        chain=[a_level(OPERATOR, "director@example.com", policy="all")],
        title="First-aid training for the warehouse",
        amount={"minor": 96_000, "currency": "EUR"},
    )
    world.stuck_order("1099")
    world.batch("winter-catalogue", chunks=4)
    world.host.advance(timedelta(minutes=12))
    world.batch("spring-catalogue", chunks=24, done=3)
    for number in range(1101, 1105):
        world.order(str(number))
    world.waiting_order("1105")
    world.host.advance(timedelta(seconds=5))
    _let_the_watchdog_find(world)


def _let_the_watchdog_find(world: World) -> None:
    """Note what it would: it runs by the real clock, and this is another day."""
    now = world.host.now
    for instance_id, kind, reason, minutes in (
        ("order-1099", FindingKind.NEEDS_ATTENTION, "Waiting for an operator to decide.", 52),
        ("order-1105", FindingKind.NO_PROGRESS, "Waiting for the payment to be decided.", 17),
    ):
        since = now - timedelta(minutes=minutes)
        findings_board().note(
            Finding(
                instance_id=instance_id,
                type="order",
                kind=kind,
                reason=reason,
                since=since,
                reported_at=now,
            )
        )


def _tokens() -> Iterator[str]:
    while True:
        yield from _TOKENS


if __name__ == "__main__":
    main()
