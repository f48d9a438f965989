"""User log records and the invocation that they belong to."""

import logging
from collections.abc import Iterator

import pytest

from funchost.worker.logs import Invocation, correlate_records, running

INVOCATION = Invocation(function_name="hello", invocation_id="i1", instance_id="order-1")


@pytest.fixture(autouse=True)
def _correlated() -> Iterator[None]:
    end = correlate_records()
    yield
    end()


def test_a_record_made_during_an_invocation_bears_the_functions_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running(INVOCATION):
        logging.getLogger("shop.stock").warning("low")

    (record,) = caplog.records
    assert record.name == "Function.hello.User"
    assert record.__dict__["origin"] == "shop.stock"
    assert record.__dict__["invocation_id"] == "i1"
    assert record.__dict__["instance_id"] == "order-1"


def test_a_record_made_outside_keeps_its_name(caplog: pytest.LogCaptureFixture) -> None:
    with running(INVOCATION):
        pass
    logging.getLogger("shop.stock").warning("low")

    (record,) = caplog.records
    assert record.name == "shop.stock"


def test_the_librarys_own_records_keep_their_name(caplog: pytest.LogCaptureFixture) -> None:
    with running(INVOCATION):
        logging.getLogger("azure.functions").warning("odd")

    assert caplog.records[0].name == "azure.functions"
