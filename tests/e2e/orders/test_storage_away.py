"""An order that cannot be kept is not taken, and the customer is told to come again."""

import re

import pytest

from tests.e2e.orders.conftest import OpenShop
from tests.support.orders import order, submit

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_without_storage_an_order_is_refused_for_now_without_saying_why(
    open_shop: OpenShop, azurite: str
) -> None:
    nobody_listens = re.sub(r":\d+/", ":1/", azurite)
    shop = open_shop(AzureWebJobsStorage=nobody_listens)

    answer = submit(shop.host, order("early"))

    assert answer.status == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["detail"] == (
        "A system that this needs did not answer; repeating the request is safe."
    )
    assert shop.host.instances() == set()
    assert b"WARNING  answered 503: storage_unavailable" in shop.host.log.read_bytes()
