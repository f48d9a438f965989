"""The edges of the whole HTTP API: what it says of itself is what it does, whatever is sent.

Schemathesis calls every operation with data made of its schemas, along its links. Left out are its
checks of promises that are not made: that whatever fits a schema is accepted (rules of the business
refuse more), that a wrong method is 405 (the platform says 404), and that the local host asks for
keys. What schemas do not think of is tried below, on every operation that takes JSON.
"""

import gzip
import json
import re
import socket
import subprocess
import sys
import uuid
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from scripts.ports import LOOPBACK
from tests.support.funchost import Answer, FuncHost, opened_host, until
from tests.support.orders import QUICK
from tests.support.signatures import new_prefix

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

OPERATOR: Final[Mapping[str, str]] = {
    "X-Dev-Principal": "operator@example.com",
    "X-Dev-Roles": "workflow.operator,approval.operator",
    # What the description asks for; the local host and development mode look at neither.
    "x-functions-key": "key",
    "Authorization": "Bearer token",
}
JSON: Final = {**OPERATOR, "Content-Type": "application/json"}
CANARY: Final = "tok_canary_4711"
NEVER_TOLD: Final = re.compile(r"code=|/runtime/webhooks|AccountKey|Traceback|" + CANARY)
_NOT_PROMISED: Final = (
    *("positive_data_acceptance", "unsupported_method"),
    *("ignored_auth", "missing_required_header"),
)
_PATH: Final = {"level": "1", "name": "order", "action": "cancel"}


@pytest.fixture(scope="module")
def host(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[FuncHost]:
    """The app, where callers are whoever they say."""
    settings = {
        **QUICK,
        "AzureWebJobsStorage": azurite,
        "APP_DATA_PREFIX": new_prefix(),
        "APP_IDENTITY": "development",
    }
    with opened_host(tmp_path_factory.mktemp("api"), settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def described(host: FuncHost) -> Any:
    return host.request("GET", "/api/openapi.json").json


@pytest.fixture
def waiting(host: FuncHost) -> str:
    """Return the id of a workflow that runs until somebody decides."""
    request_id = uuid.uuid4().hex
    body = {
        "requestId": request_id,
        "kind": "expense",
        "title": "Edges",
        "requester": "employee@example.com",
        "amount": {"minor": 100, "currency": "EUR"},
    }
    taken = host.request("POST", "/api/approvals", body=json.dumps(body).encode(), headers=JSON)
    assert taken.status == 202, taken
    instance_id = f"approval-{request_id}"
    until(
        lambda: look(host, instance_id)["businessStatus"] == "awaiting_decision",
        patience_s=30,
        what="somebody is asked",
    )
    return instance_id


def look(host: FuncHost, instance_id: str) -> Any:
    return host.request("GET", f"/api/workflows/{instance_id}", headers=OPERATOR).json


def explore(host: FuncHost, folder: Path, *, phases: str, examples: int) -> None:
    """Fail with what schemathesis has to say when it finds anything."""
    headers = [f"--header={name}: {value}" for name, value in OPERATOR.items()]
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run"),
            *(host.url("/api/openapi.json"), f"--phases={phases}", f"--max-examples={examples}"),
            f"--exclude-checks={','.join(_NOT_PROMISED)}",
            *("--seed=1", "--generation-database=none", "--request-timeout=30"),
            *("--suppress-health-check=all", "--no-color", *headers),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    if done.returncode != 0:
        pytest.fail(done.stdout[-20_000:] + done.stderr[-2_000:], pytrace=False)


def test_every_operation_answers_as_it_is_described(host: FuncHost, tmp_path: Path) -> None:
    explore(host, tmp_path, phases="fuzzing,stateful", examples=2)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_operation_answers_as_it_is_described_whatever_is_sent(
    host: FuncHost, tmp_path: Path
) -> None:
    explore(host, tmp_path, phases="examples,coverage,fuzzing,stateful", examples=20)


BODIES: Final[Mapping[str, tuple[bytes, Mapping[str, str]]]] = {
    "empty": (b"", {}),
    "cut off": (b"{", {}),
    "not utf-8": (b'{"reason": "\xff"}', {}),
    "utf-16": ('{"reason": "x"}'.encode("utf-16"), {}),
    "half a surrogate pair": (b'{"reason": "\\ud800"}', {}),
    "5,000 digits": (b'{"reason": ' + b"9" * 5_000 + b"}", {}),
    "nested deeply": (b"[" * 30_000, {}),
    "a name twice": (b'{"reason": "a", "reason": "b"}', {}),
    "an envelope of the SDK": (b'{"__class__": "C", "__module__": "m", "__data__": "{}"}', {}),
    "unknown names": (f'{{"isAdmin": true, "token": "{CANARY}"}}'.encode(), {}),
    "a megabyte": (b'{"reason": "' + b"x" * 1_000_000 + b'"}', {}),
    "a new line in the reason": (b'{"reason": "a\\r\\nX-Evil: b"}', {}),
    "another charset": (b"{}", {"Content-Type": "application/json; charset=utf-16"}),
    "another type": (b"<a/>", {"Content-Type": "application/xml"}),
    "a bomb": (gzip.compress(b" " * 5_000_000), {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("case", BODIES)
def test_no_operation_takes_a_body_that_is_none_or_fails_over_it(
    host: FuncHost, described: Any, waiting: str, case: str
) -> None:
    body, headers = BODIES[case]
    before = state_of(host, waiting)
    refused: dict[str, int] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                answer = host.request(
                    method.upper(), filled(path, waiting), body=body, headers={**JSON, **headers}
                )
                refused[operation["operationId"]] = answer.status
                assert_tells_nothing(answer)

    assert len(refused) > 20
    assert {name: status for name, status in refused.items() if not 400 <= status < 500} == {}
    assert state_of(host, waiting) == before


def state_of(host: FuncHost, instance_id: str) -> Any:
    """Return what a refused request must not change: status, log and what operators did."""
    shown = look(host, instance_id)
    log = host.request("GET", f"/api/approvals/{instance_id}", headers=OPERATOR).json["entries"]
    done = host.request("GET", f"/api/workflows/{instance_id}/audit", headers=OPERATOR).json
    return shown["runtimeStatus"], shown["customStatus"], log, done["items"]


def filled(path: str, instance_id: str) -> str:
    """Put an instance into a path that has one, and something fit for everything else."""
    known = {**_PATH, "instanceId": instance_id}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "x"), path)


def assert_tells_nothing(answer: Answer) -> None:
    told = answer.body.decode("utf-8", "replace") + str(dict(answer.headers))
    assert not NEVER_TOLD.search(told), told
    if answer.status >= 400 and answer.body:
        assert answer.headers["content-type"].startswith("application/problem+json"), answer
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        *("status=cancelled", "status=Running'", "status=", "type=nothing", "limit=0"),
        *(
            "limit=101",
            "limit=1e3",
            "limit=%C2%B2",
            "sort=name",
            "cursor=x",
            f"cursor={'x' * 9000}",
        ),
        *("createdFrom=yesterday", "createdFrom=2030-01-01T00:00:00", "idPrefix=..%2F"),
        *("children=yes", "unknown=1", "text=" + "x" * 101, "outcome=A%20B"),
        "createdFrom=2030-01-02T00:00:00Z&createdTo=2030-01-01T00:00:00Z",
    ],
)
def test_a_list_is_never_of_something_else_than_was_asked_for(host: FuncHost, query: str) -> None:
    answer = host.request("GET", f"/api/workflows?{query}", headers=OPERATOR)

    assert answer.status == 400, answer
    assert_tells_nothing(answer)
    assert answer.json["errors"][0]["pointer"].startswith("?")


@pytest.mark.parametrize(
    "path",
    ["/api/nothing", "/api/orders/", "//api/orders", "/API", "/api/workflows/%2e%2e%2fadmin"],
)
def test_what_is_no_route_is_not_found(host: FuncHost, path: str) -> None:
    answer = host.request("GET", path, headers=OPERATOR)

    assert answer.status in {400, 404}
    assert not NEVER_TOLD.search(answer.body.decode())


@pytest.mark.parametrize(
    "forged", ["!", "e30=", "eyJjbGFpbXMiOlt7InR5cCI6InVwbiIsInZhbCI6ImFAYi5jIn1dfQ==", "A" * 7000]
)
def test_the_platforms_header_is_nobodys_word_where_the_platform_does_not_sign_people_in(
    host: FuncHost, forged: str
) -> None:
    answer = host.request("GET", "/api/approvals/inbox", headers={"X-MS-CLIENT-PRINCIPAL": forged})

    assert answer.status == 401, answer
    assert answer.headers["www-authenticate"] == "Bearer"


def test_no_other_site_is_let_in_by_a_browser(host: FuncHost) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    for method in ("OPTIONS", "GET"):
        answer = host.request(method, "/api/workflows", headers={**OPERATOR, **asked})

        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_two_terminations_are_one(host: FuncHost, waiting: str) -> None:
    path, body = f"/api/workflows/{waiting}/terminate", b'{"reason": "not needed"}'

    first = host.request("POST", path, body=body, headers=JSON)
    until(
        lambda: look(host, waiting)["runtimeStatus"] == "Terminated",
        patience_s=30,
        what="it is terminated",
    )
    second = host.request("POST", path, body=body, headers=JSON)

    assert (first.status, second.status) == (202, 200)


@pytest.mark.parametrize(
    "source",
    [
        *("http://169.254.169.254/latest", "file:///etc/passwd", "..\\..\\x", "imports/../x"),
        *("unknown/file.csv", "imports//x", "imports/.hidden", "imports"),
    ],
)
def test_a_batch_reads_registered_containers_and_nothing_else(host: FuncHost, source: str) -> None:
    body = {"jobId": uuid.uuid4().hex, "pipeline": "catalogue_import", "dataSource": source}

    answer = host.request("POST", "/api/batches", body=json.dumps(body).encode(), headers=JSON)

    assert answer.status == 400, answer
    assert_tells_nothing(answer)


def test_a_body_that_dribbles_in_keeps_nobody_else_waiting(host: FuncHost) -> None:
    with socket.create_connection((LOOPBACK, host.port)) as slow:
        slow.sendall(b"POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")

        assert host.request("GET", "/api/health/live").status == 200


def test_health_says_what_it_may_to_strangers(host: FuncHost) -> None:
    live = host.request("GET", "/api/health/live")
    ready = host.request("GET", "/api/health/ready")
    stranger = host.request("GET", "/api/ops/in-flight")

    assert (live.status, live.json) == (200, {"live": True})
    assert ready.json == {
        "ready": True,
        "checks": dict.fromkeys(("storage", "taskHub", "backlog", "configuration"), "ok"),
    }
    assert stranger.status == 401


def test_what_is_in_flight_is_counted_by_type(host: FuncHost, waiting: str) -> None:
    assert waiting

    told = host.request("GET", "/api/ops/in-flight", headers=OPERATOR).json

    assert told["byType"]["approval"] >= 1
    assert told["running"] + told["pending"] + told["suspended"] == sum(told["byType"].values())
    assert told["isDrained"] is False


def test_the_page_of_the_api_is_served(host: FuncHost) -> None:
    answer = host.request("GET", "/api/docs")

    assert answer.status == 200
    assert b"/api/workflows/{instanceId}/terminate" in answer.body
