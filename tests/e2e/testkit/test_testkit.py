"""The test kit on apps of several shapes: each app's tests in a pytest of their own.

An app needs a process of its own, so the tests of an app are files ``scenes*.py`` beside it, which
are not collected here.
"""

from pathlib import Path
from typing import Final

import pytest

from tests.support.inner_pytest import run_in_memory, run_pytest

pytestmark = pytest.mark.e2e
SUITES: Final = Path(__file__).parent / "suites"


@pytest.mark.slow
def test_the_kit_does_what_it_says_on_a_small_app() -> None:
    run_pytest(*sorted((SUITES / "waiting").glob("scenes_*.py")))


def test_an_app_that_cannot_be_loaded_says_so_each_time() -> None:
    run_pytest(SUITES / "broken" / "scenes.py")


@pytest.mark.slow
def test_orders_go_to_the_door_in_virtual_time() -> None:
    run_in_memory(SUITES / "orders" / "scenes.py")


@pytest.mark.slow
def test_orders_come_back_in_virtual_time() -> None:
    run_in_memory(SUITES / "orders" / "scenes_of_returns.py")


@pytest.mark.slow
def test_parcels_are_followed_in_virtual_time() -> None:
    run_in_memory(SUITES / "orders" / "scenes_of_delivery.py")


@pytest.mark.slow
@pytest.mark.timeout(620)
@pytest.mark.parametrize("examples", [126, pytest.param(500, marks=pytest.mark.long)])
@pytest.mark.parametrize("operators", ["retry", "skip", "accept", "silent"])
def test_whatever_goes_wrong_money_and_goods_are_where_an_order_ends(
    operators: str, examples: int
) -> None:
    run_pytest(
        SUITES / "orders" / "any_order.py",
        patience_s=600,
        ORDER_OPERATORS=operators,
        ORDER_EXAMPLES=str(examples),
    )


@pytest.mark.slow
def test_operators_decide_what_orders_cannot() -> None:
    run_in_memory(SUITES / "attention" / "scenes.py")


@pytest.mark.slow
@pytest.mark.parametrize("scenes", ["scenes", "scenes_of_defects"])
def test_approvals_end_as_they_should_in_virtual_time(scenes: str) -> None:
    run_in_memory(SUITES / "approvals" / f"{scenes}.py")


@pytest.mark.slow
def test_documents_are_decided_and_published_in_virtual_time(azurite: str) -> None:
    run_pytest(SUITES / "approvals" / "scenes_of_documents.py", AzureWebJobsStorage=azurite)


@pytest.mark.slow
def test_order_sagas_are_done_or_undone() -> None:
    run_in_memory(SUITES / "saga" / "scenes.py")


@pytest.mark.slow
def test_operators_list_act_and_read_what_was_done() -> None:
    run_in_memory(SUITES / "operations" / "scenes.py")


@pytest.mark.slow
@pytest.mark.timeout(320)  # a busy machine draws slowly
def test_operators_look_act_and_decide_in_the_console() -> None:
    run_in_memory(SUITES / "console" / "scenes.py", patience_s=300)
