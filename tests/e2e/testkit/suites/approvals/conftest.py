"""A host around the app for each test, and requests to it.

The application keeps its settings for the life of the process, so that all tests of this folder
share one set of tables and one outbox.
"""

import os
from collections.abc import Generator, Mapping
from itertools import count
from typing import Any, Final
from uuid import uuid4

import pytest

from funchost.testing import BlockingHost
from scripts.layout import ROOT
from shared.settings.storage import STORAGE_SETTING, ConnectionString
from shared.storage import Storage
from tests.support.approval_cases import Case
from tests.support.approvals import REQUESTER, a_request

PREFIX: Final = f"t{uuid4().hex[:12]}"
SETTINGS: Final = {"APP_DATA_PREFIX": PREFIX, "APP_IDENTITY": "development"}
_numbers = count(1)


@pytest.fixture(scope="session")
def storage() -> Storage:
    return Storage(ConnectionString(value=os.environ[STORAGE_SETTING]), prefix=PREFIX)


@pytest.fixture
def host() -> Generator[BlockingHost]:
    with BlockingHost.open(ROOT, settings=SETTINGS) as host:
        yield host


@pytest.fixture
def ask(host: BlockingHost, storage: Storage) -> Any:
    """Submit a request and wait until its first level is asked."""

    def submitted(*chain: Mapping[str, Any], roles: str = "", **changes: Any) -> Case:
        request_id = f"R{next(_numbers)}"
        body = a_request(*map(dict, chain), request_id=request_id, **changes)
        began = host.now
        answer = host.call_http(
            "POST",
            "/api/approvals",
            json=body,
            headers={"X-Dev-Principal": REQUESTER, "X-Dev-Roles": roles},
        )
        assert answer.status == 202, answer.text
        host.at_rest()
        return Case(host=host, storage=storage, request_id=request_id, began=began)

    return submitted
