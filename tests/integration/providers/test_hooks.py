"""Short messages and pushes: a signed notice, the same id on a repeat, refusals are values."""

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, override

import pytest

from shared.errors import ProviderUnavailableError
from shared.notifications.composing import Letter
from shared.notifications.contacts import Channel
from shared.providers.hooks import HookedMessages
from shared.settings.providers import NotificationHook
from shared.standard_webhooks import WebhookSecret

pytestmark = pytest.mark.integration

SECRET = WebhookSecret(bytes(range(32)))
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LETTER = Letter(key="o1:shipped", recipient="+4930123456", subject="o1", text="It comes.", at=NOW)


@dataclass
class Service:
    """What was told to the service, and what it answers."""

    status: int = 202
    told: list[tuple[dict[str, str], bytes]] = field(
        default_factory=list[tuple[dict[str, str], bytes]]
    )

    def now(self) -> datetime:
        return NOW


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def messages(service: Service) -> Generator[HookedMessages]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.told.append(({name.lower(): v for name, v in self.headers.items()}, body))
            self.send_response(service.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Keep a test's output to the test."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    hook = NotificationHook(url=f"http://127.0.0.1:{server.server_port}/", secret=SECRET)
    yield HookedMessages(hook, service)
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_service_can_tell_that_the_notice_is_ours(
    messages: HookedMessages, service: Service
) -> None:
    assert messages.send(LETTER, Channel.SMS)

    ((headers, body),) = service.told
    assert SECRET.signed_id(body, headers, now=NOW)
    assert json.loads(body) == {
        "type": "message.sms",
        "timestamp": "2026-01-05T12:00:00+00:00",
        "data": {"to": "+4930123456", "subject": "o1", "text": "It comes."},
    }


def test_a_repeat_has_the_same_id(messages: HookedMessages, service: Service) -> None:
    messages.send(LETTER, Channel.PUSH)
    messages.send(LETTER, Channel.PUSH)

    assert len({headers["webhook-id"] for headers, _ in service.told}) == 1


@pytest.mark.parametrize("status", [302, 400, 404, 410])
def test_a_refusal_is_a_value_and_no_redirect_is_followed(
    messages: HookedMessages, service: Service, status: int
) -> None:
    service.status = status

    assert not messages.send(LETTER, Channel.SMS)
    assert len(service.told) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_later_means_later(messages: HookedMessages, service: Service, status: int) -> None:
    service.status = status

    with pytest.raises(ProviderUnavailableError) as later:
        messages.send(LETTER, Channel.SMS)
    assert "+49" not in str(later.value)
