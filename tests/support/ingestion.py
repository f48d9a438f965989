"""Plays Application Insights' ingestion endpoint: takes what exporters post, answers by a script.

It speaks the protocol as the service does: ``POST /v2/track`` or ``/v2.1/track``, a JSON array or
one JSON document a line, plain or gzipped, answered with how many items were received and accepted.
"""

import contextlib
import gzip
import http.server
import json
import ssl
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast, override

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEY: Final = "00000000-0000-0000-0000-000000000001"
_PATHS: Final = frozenset({"/v2/track", "/v2.1/track"})
_UNZIPPED: Final = 4 * 1024 * 1024

type Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request, as it came; ``status`` is what it was answered."""

    path: str
    headers: dict[str, str]
    items: tuple[Item, ...]
    status: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer like this instead of taking the items."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class TakePartly:
    """Answer 206: take all but the items at these places, which get this status each."""

    refused: tuple[int, ...]
    status: int


type Answer = Refuse | TakePartly


class Ingestion:
    """What came in, and what to answer next to items of a kind; else everything is taken."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.posts: list[Post] = []
        self.taken: list[Item] = []
        self.script: dict[str, list[Answer]] = {}
        self._changed = threading.Condition()

    @property
    def connection_string(self) -> str:
        return f"InstrumentationKey={KEY};IngestionEndpoint={self.url}/"

    def of_type(self, base_type: str) -> list[Item]:
        """Return the items taken of a kind, such as ``RemoteDependencyData``."""
        with self._changed:
            return [item for item in self.taken if item["data"]["baseType"] == base_type]

    def wait_for(self, count: int, base_type: str, *, patience_s: float = 20.0) -> list[Item]:
        """Return the items of a kind as soon as there are so many."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.of_type(base_type)) >= count, patience_s)
        return self.of_type(base_type)

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Item, Answer]:
        """Take a request as the service would, and say how to answer it."""
        items = _items(headers, body)
        with self._changed:
            answer = self._next_answer(items)
            if isinstance(answer, Refuse):
                status, refused, each = answer.status, tuple(range(len(items))), answer.status
            else:
                status, refused, each = (
                    206 if answer.refused else 200,
                    answer.refused,
                    answer.status,
                )
            taken = [item for at, item in enumerate(items) if at not in refused]
            document = {
                "itemsReceived": len(items),
                "itemsAccepted": len(taken),
                "errors": [
                    {"index": at, "statusCode": each, "message": "try later"} for at in refused
                ],
            }
            self.posts.append(Post(path=path, headers=headers, items=tuple(items), status=status))
            self.taken += taken
            self._changed.notify_all()
        return status, document, answer

    def _next_answer(self, items: list[Item]) -> Answer:
        kinds = {item["data"]["baseType"] for item in items}
        waiting = [answers for kind, answers in self.script.items() if kind in kinds and answers]
        return waiting[0].pop(0) if waiting else TakePartly((), 200)


def _items(headers: dict[str, str], body: bytes) -> list[Item]:
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
        assert len(body) < _UNZIPPED, "more than the service takes"
    text = body.decode()
    if text.lstrip().startswith("["):
        return [*json.loads(text)]
    return [json.loads(line) for line in text.splitlines() if line.strip()]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ingestion: Ingestion

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path.split("?")[0] not in _PATHS:
            self._answer(404, {}, {})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, document, answer = self.ingestion.receive(self.path, headers, body)
        self._answer(status, document, answer.headers if isinstance(answer, Refuse) else {})

    def _answer(self, status: int, document: Item, headers: dict[str, str]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def opened_ingestion(certificate: Path | None = None) -> Generator[Ingestion]:
    """Take telemetry on a free port while the block runs; with a certificate, by TLS."""
    handler = cast("type[_Handler]", type("Handler", (_Handler,), {}))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    ingestion = Ingestion(f"{scheme}://localhost:{server.server_address[1]}")
    handler.ingestion = ingestion
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield ingestion
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def self_signed(folder: Path) -> Path:
    """Write key and certificate for localhost into one file, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
