"""More orders than pieces, all at once: as many are sold as there are; everybody else is told."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pytest

from tests.support.books import Books, Reading
from tests.support.funchost import opened_host, until
from tests.support.orders import QUICK, accepted, ended, order, total_of
from tests.support.stories import CONFIRMED, DELIVERED

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

AT_ONCE: Final = 50  # connections; the host takes on as many as it may
PATIENCE_S: Final = 200.0
SKU: Final = "notebook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """What is left when everybody has been served."""

    pieces: int
    bodies: Mapping[str, Any]
    ends: Mapping[str, Any]
    reading: Reading

    def with_status(self, status: str) -> set[str]:
        return {name for name, end in self.ends.items() if end["businessStatus"] == status}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(20, id="20 pieces"),
        pytest.param(100, id="100 pieces", marks=[pytest.mark.long, pytest.mark.timeout(400)]),
    ],
)
def rush(
    request: pytest.FixtureRequest, azurite: str, tmp_path_factory: pytest.TempPathFactory
) -> Rush:
    """Have twice as many customers as there are pieces order one each."""
    pieces: int = request.param
    bodies = {
        f"rush-{number:03}": order(f"rush-{number:03}", lines=((SKU, 1, 650),))
        for number in range(2 * pieces)
    }
    with Books(azurite, stock={SKU: pieces}) as books:
        settings = {
            **QUICK,
            "AzureWebJobsStorage": azurite,
            "APP_DATA_PREFIX": books.prefix,
            "SANDBOX_TRANSIT_S": "0.5",
            "DELIVERY_LIMIT_S": "300",
        }
        with opened_host(tmp_path_factory.mktemp("rush"), settings) as host:
            with ThreadPoolExecutor(AT_ONCE) as customers:
                list(customers.map(partial(accepted, host), bodies.values()))
            until(
                lambda: not host.unfinished(),
                patience_s=PATIENCE_S,
                what="everybody is served",
                pause_s=0.5,
            )
            return Rush(
                pieces=pieces,
                bodies=bodies,
                ends=ended(host, bodies),
                reading=books.read(),
            )


def test_as_many_are_sold_as_there_are_and_all_others_are_out_of_stock(rush: Rush) -> None:
    statuses = Counter(end["businessStatus"] for end in rush.ends.values())

    assert statuses == {"delivered": rush.pieces, "out_of_stock": rush.pieces}
    assert {end["runtimeStatus"] for end in rush.ends.values()} == {"Completed"}


def test_whoever_got_nothing_is_told_so_and_whoever_got_something_is_told_that(
    rush: Rush,
) -> None:
    for name in rush.with_status("out_of_stock"):
        assert rush.reading.mails_to(name) == ("Your order is out of stock",)
        assert rush.ends[name]["output"]["customerTold"]
    for name in rush.with_status("delivered"):
        mails = rush.reading.mails_to(name)
        assert (mails[0], mails[-1]) == (CONFIRMED, DELIVERED)


def test_the_shelf_is_empty_and_nobodys_money_is_held_or_taken_for_nothing(rush: Rush) -> None:
    rush.reading.audit(
        sold={name: total_of(rush.bodies[name]) for name in rush.with_status("delivered")}
    )

    assert rush.reading.levels[SKU].on_hand == 0
    for name in rush.with_status("out_of_stock"):
        assert rush.reading.money_of(name) == ()
