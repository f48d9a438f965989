"""Each check fails by itself, says only that, and takes no longer than it may."""

import asyncio
from datetime import timedelta

import pytest

from shared.errors import ProviderUnavailableError
from shared.operations.management_api import Page, PageQuery
from tests.support.management import NOW, MemoryManagement, Status
from workflows.management import readiness
from workflows.management.readiness import Readiness


class FixedClock:
    """It is always noon."""

    def now(self) -> object:
        return NOW


@pytest.fixture(autouse=True)
def storage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_read_storage", lambda: None)


def checked(management: MemoryManagement, patience_s: float = 5) -> dict[str, str]:
    patience = timedelta(seconds=patience_s)
    one = Readiness(management=management, clock=FixedClock(), patience=patience)  # type: ignore[arg-type]
    return {name: found.value for name, found in asyncio.run(one.checked()).items()}


ALL_OK = {"storage": "ok", "taskHub": "ok", "backlog": "ok", "configuration": "ok"}


def test_an_app_that_has_all_it_needs_is_ready() -> None:
    assert checked(MemoryManagement()) == ALL_OK


def test_starts_that_nobody_takes_fail_the_backlog() -> None:
    management = MemoryManagement()
    management.add("order-1", runtime_status=Status.Pending, created_at=NOW - timedelta(minutes=4))
    young = checked(management)
    management.add("order-1", created_at=NOW - timedelta(minutes=6))

    assert young == ALL_OK
    assert checked(management) == {**ALL_OK, "backlog": "failing"}


def test_a_runtime_that_does_not_answer_fails_what_asks_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Silent(MemoryManagement):
        async def page(self, query: PageQuery, token: str | None = None) -> Page:
            raise ProviderUnavailableError(f"no answer to {query} {token}")

    assert checked(Silent()) == {**ALL_OK, "taskHub": "failing", "backlog": "failing"}
    assert "not ready: taskHub: ProviderUnavailableError" in caplog.text


def test_a_check_that_hangs_fails_after_its_time() -> None:
    class Slow(MemoryManagement):
        async def page(self, query: PageQuery, token: str | None = None) -> Page:
            await asyncio.sleep(60)
            return await super().page(query, token)

    assert checked(Slow(), patience_s=0.01)["taskHub"] == "failing"


def test_storage_that_fails_fails_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("no route")

    monkeypatch.setattr(readiness, "_read_storage", fail)

    assert checked(MemoryManagement()) == {**ALL_OK, "storage": "failing"}
