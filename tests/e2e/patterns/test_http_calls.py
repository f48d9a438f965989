"""Orchestrations that call a service over HTTP, against a small one in this process."""

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, override

import pytest

from tests.e2e.host.app_host import AppHost

pytestmark = pytest.mark.e2e

POLLS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that answers slowly at ``/slow``, badly at ``/bad``, and echoes elsewhere."""

    url: str
    requests: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: ClassVar[Service]

    def do_GET(self) -> None:
        self._note("")
        match self.path:
            case "/bad":
                self._answer(503, {}, "not now")
            case path if path.startswith("/slow"):
                made = int(path.removeprefix("/slow") or 0)
                if made == POLLS:
                    self._answer(200, {}, '{"ready": true}')
                else:
                    where = f"{self.service.url}/slow{made + 1}"
                    self._answer(202, {"Location": where, "Retry-After": "1"}, "")
            case _:
                self._answer(200, {}, "good day")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._note(body)
        self._answer(201, {}, body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _note(self, body: str) -> None:
        self.service.requests.append((self.path, self.headers.get("X-Trace", ""), body))

    def _answer(self, status: int, headers: dict[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.fixture
def service() -> Generator[Service]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.service = found = Service(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def test_a_202_is_followed_until_the_answer_is_there(flows: AppHost, service: Service) -> None:
    asked = {"method": "GET", "uri": f"{service.url}/slow", "headers": {"X-Trace": "t1"}}
    instance_id = flows.started("request", asked)

    status, content = flows.ended(instance_id)["output"]

    assert (status, json.loads(content)) == ("status 200", {"ready": True})
    assert service.requests == [("/slow", "t1", ""), ("/slow1", "t1", ""), ("/slow2", "t1", "")]
    tasks = [e for e in flows.history(instance_id) if e["EventType"] == "TaskCompleted"]
    assert len(tasks) == 2


def test_an_answer_that_is_no_success_is_a_value(flows: AppHost, service: Service) -> None:
    asked = {"method": "GET", "uri": f"{service.url}/bad"}

    assert flows.output("request", asked) == ["status 503", "not now"]


def test_content_goes_out_as_json(flows: AppHost, service: Service) -> None:
    asked = {"method": "POST", "uri": f"{service.url}/echo", "content": {"name": "Zoë"}}

    status, content = flows.output("request", asked)

    assert (status, json.loads(content)) == ("status 201", {"name": "Zoë"})


def test_a_service_that_is_not_there_is_a_failure(flows: AppHost, service: Service) -> None:
    del service
    instance_id = flows.started("request", {"method": "GET", "uri": "http://127.0.0.1:9/"})

    assert flows.ended(instance_id)["runtimeStatus"] == "Failed"
