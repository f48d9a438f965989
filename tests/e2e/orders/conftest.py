"""A host of its own for every module, with books that no other test writes."""

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.support.books import Books
from tests.support.funchost import FuncHost, opened_host
from tests.support.orders import QUICK


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The running app and the books that it writes."""

    host: FuncHost
    books: Books


type OpenShop = Callable[..., Shop]

PLENTY: Mapping[str, int] = {
    "notebook": 1000,
    "desk-lamp": 1000,
    "shelf-kit": 1000,
    "ink-refill": 1000,
    "free-sample": 1000,
    "limited-print": 3,
    "retired-mug": 0,
}


@pytest.fixture(scope="module")
def open_shop(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[OpenShop]:
    """Open shops with settings of the test's own; they close with the module."""
    with ExitStack() as opened:

        def open_one(**settings: str) -> Shop:
            books = opened.enter_context(Books(azurite, stock=PLENTY))
            environment = {
                **QUICK,
                "AzureWebJobsStorage": azurite,
                "APP_DATA_PREFIX": books.prefix,
                **settings,
            }
            folder = tmp_path_factory.mktemp("shop")
            return Shop(host=opened.enter_context(opened_host(folder, environment)), books=books)

        yield open_one


@pytest.fixture(scope="module")
def shop(open_shop: OpenShop) -> Shop:
    """A shop where everything goes quickly."""
    return open_shop()
