"""A line to the storage service that breaks at known requests: before, after, or in the answer."""

import http.client
import itertools
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override
from urllib.parse import urlsplit

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class _Line(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str, *, lose_every: int, drop_every: int, cut_every: int) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.target = target
        self.lose_every = lose_every
        self.drop_every = drop_every
        self.cut_every = cut_every
        self.requests = itertools.count(1)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: broken connections are what this is for."""


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _relay(self) -> None:
        line = self.server
        assert isinstance(line, _Line)
        number = next(line.requests)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if number % line.drop_every == 0:
            self.close_connection = True
            return
        onward = http.client.HTTPConnection(line.target, timeout=20)
        onward.request(self.command, self.path, body, dict(self.headers))
        answer = onward.getresponse()
        content = answer.read()
        onward.close()
        if number % line.lose_every == 0:
            self.close_connection = True
            return
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if number % line.cut_every == 0:
            self.close_connection = True
            content = content[: len(content) // 2]
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _relay  # noqa: N815 - the server's names


@contextmanager
def breaking_line(
    endpoint: str, *, lose_every: int, drop_every: int, cut_every: int
) -> Generator[str]:
    """Yield an endpoint that leads to the given one and breaks.

    Args:
        endpoint: the service's, such as ``http://127.0.0.1:10002/devstoreaccount1``.
        lose_every: of this many requests, one takes effect and its answer is lost.
        drop_every: of this many requests, one is dropped before it takes effect.
        cut_every: of this many requests, one takes effect and half of its answer arrives.
    """
    parts = urlsplit(endpoint)
    line = _Line(parts.netloc, lose_every=lose_every, drop_every=drop_every, cut_every=cut_every)
    serving = threading.Thread(target=line.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield f"http://127.0.0.1:{line.server_port}{parts.path}"
    finally:
        line.shutdown()
        serving.join()
        line.server_close()
