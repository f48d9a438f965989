"""A day at work for the console to show: orders by the hour, one that is stuck, approvals, a batch.

Everything is the real app in virtual time, served to a browser as well. Tests and pictures use it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from funchost.testing import BlockingHost
from scripts.layout import ROOT
from shared.clock import system_clock
from tests.support.approvals import a_level
from tests.support.books import Books
from tests.support.browser import Browser, Scheme, Sight
from tests.support.orders import order
from workflows.batch_processing import names as batch_names
from workflows.order_processing import names as order_names

OPERATOR: Final = "operator@example.com"
READER: Final = "reader@example.com"
APPROVER: Final = "finance@example.com"
ROLES: Final = {OPERATOR: "workflow.operator", READER: "workflow.reader"}
CONSOLE: Final = "/api/console"
WORKFLOWS: Final = f"{CONSOLE}/workflows"

_PLENTY: Final = {"notebook": 100_000}
_HOUR: Final = timedelta(hours=1)


def headers_of(who: str | None) -> dict[str, str]:
    """Return what makes a developer's request somebody's."""
    if who is None:
        return {}
    return {"X-Dev-Principal": who, "X-Dev-Roles": ROLES.get(who, "")}


@dataclass(frozen=True, kw_only=True)
class World:
    """The app and a browser in front of it."""

    host: BlockingHost
    browser: Browser

    def post(self, path: str, document: Any, who: str | None = None) -> Any:
        answer = self.host.call_http("POST", path, json=document, headers=headers_of(who))
        assert answer.status in {200, 202}, answer.text
        return answer.json()

    def order(self, order_id: str, **changes: Any) -> str:
        instance_id: str = self.post("/api/orders", order(order_id, **changes))["instanceId"]
        return instance_id

    def stuck_order(self, order_id: str) -> str:
        """Let an order come to where its payment cannot be voided, for as long as faults last."""
        self.host.faults.fail(order_names.VOID_PAYMENT, times=None, error=ConnectionError("gone"))
        instance_id = self.order(order_id, service="sandbox_refused")
        self.host.advance(timedelta(minutes=5))
        assert self.host.status(instance_id).custom_status["status"] == "needs_attention"
        return instance_id

    def waiting_order(self, order_id: str) -> str:
        """Leave an order where its payment is not decided."""
        instance_id = self.order(order_id, token="tok_sandbox_pending_forever")  # noqa: S106 - no secret
        self.host.at_rest()
        return instance_id

    def approval(self, request_id: str, *approvers: str, **changes: Any) -> str:
        """Ask for an approval, and let it come to its first level."""
        document = {
            "requestId": request_id,
            "kind": "purchase",
            "title": "25 desks for the second floor",
            "requester": "requester@example.com",
            "amount": {"minor": 1_873_250, "currency": "EUR"},
            "chain": [a_level(*(approvers or (APPROVER,)))],
            **changes,
        }
        answer = self.post("/api/approvals", document, "requester@example.com")
        self.host.at_rest()
        instance_id: str = answer["instanceId"]
        return instance_id

    def batch(self, job_id: str, *, chunks: int = 16, done: int = 1) -> None:
        """Submit a job and let it do so many rounds of its window; then it stands still."""
        rows = "".join(
            f"sku-{number},{'x' if number % 90 == 7 else 1000 + number},EUR,standard,3\n"
            for number in range(chunks * 100)
        )
        content = f"sku,priceMinor,currency,taxClass,stock\n{rows}".encode()
        path = f"/api/batches/sources/imports/{job_id}.csv"
        assert self.host.call_http("PUT", path, body=content, headers=headers_of(OPERATOR)).status
        self.host.faults.slow(batch_names.PROCESS_UNIT, timedelta(minutes=10))
        self.post(
            "/api/batches",
            {
                "jobId": job_id,
                "pipeline": "catalogue_import",
                "dataSource": f"imports/{job_id}.csv",
                "batchSize": 100,
                "maxParallelism": 4,
            },
        )
        self.host.advance(timedelta(minutes=10 * done + 1))

    @contextmanager
    def window(
        self,
        path: str,
        *,
        who: str | None = OPERATOR,
        size: tuple[int, int] = (1280, 900),
        scheme: Scheme = "light",
        scripts: bool = True,
    ) -> Generator[Sight]:
        """Open a window on a page, as somebody."""
        with self.browser.window(
            size, scheme=scheme, scripts=scripts, headers=headers_of(who)
        ) as sight:
            sight.page.goto(self.url(path))
            yield sight

    def url(self, path: str) -> str:
        return f"{self.host.base_url.rstrip('/')}{path}"


@contextmanager
def opened_world(azurite: str, browser: Browser, *, before: timedelta) -> Generator[World]:
    """Serve the app, beginning so long ago; time passes when a test lets it."""
    with Books(azurite, stock=_PLENTY) as books:
        settings = {"APP_DATA_PREFIX": books.prefix, "APP_IDENTITY": "development"}
        begins_at = system_clock().now() - before
        with BlockingHost.open(ROOT, settings=settings, begins_at=begins_at) as host:
            host.freeze()
            yield World(host=host, browser=browser)
