"""Talks HTTP: one call at a time, with retries where a repeat cannot do harm.

Redirects are not followed: the headers with the keys would go along to wherever they lead.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import requests
from requests.adapters import BaseAdapter

from wfctl.connection import API_PREFIX, Connection, Credentials
from wfctl.documents import Document, as_document
from wfctl.exits import RefusedError, UnavailableError, UsageError

CONNECT_PATIENCE_S: Final = 5.0
ANSWER_PATIENCE_S: Final = 30.0
ATTEMPTS: Final = 4
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_CLIENT_ERRORS: Final = range(400, 500)

type Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: 2xx, or 304 for what the caller has already."""

    status: int
    body: Any
    etag: str = ""
    retry_after_s: float | None = None

    @property
    def document(self) -> Document:
        """The body as an object."""
        return as_document(self.body)

    @property
    def is_unchanged(self) -> bool:
        """Whether the caller has it already."""
        return self.status == HTTPStatus.NOT_MODIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call; ``is_repeatable`` says that a second one has no second effect."""

    method: str
    path: str
    query: Query = field(default_factory=dict[str, str | int])
    body: Document | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    is_repeatable: bool = True
    attempts: int = ATTEMPTS
    patience_s: float = ANSWER_PATIENCE_S


def path_of(*parts: str | int) -> str:
    """Join the parts of a path; each stays one part whatever it holds.

    Raises:
        UsageError: A part that would be no part of it.
    """
    if any(part in {"", ".", ".."} for part in parts):
        raise UsageError("an id or a name is empty, or dots alone")
    return "/".join(quote(str(part), safe=":") for part in parts)


class Client:
    """The app's API at one base URL.

    Args:
        connection: Where, and as whom.
        adapter: What carries requests instead of the network, for tests.
        sleep: How to pause between attempts.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        adapter: BaseAdapter | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._sleep = sleep
        self._session = requests.Session()
        self._session.auth = Credentials(connection)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "wfctl"})
        # A proxy for the outside world has no business with this machine's own ports.
        self._session.trust_env = not connection.is_local
        if adapter is not None:
            self._session.mount("http://", adapter)
            self._session.mount("https://", adapter)

    @property
    def url(self) -> str:
        """The base URL."""
        return self._connection.url

    def get(self, path: str, query: Query | None = None) -> Answer:
        """Read something."""
        return self.send(Call(method="GET", path=path, query=query or {}))

    def send(self, call: Call) -> Answer:
        """Make a call, again while that is safe and may help.

        Raises:
            RefusedError: 4xx, with the problem document.
            UnavailableError: No answer or 5xx, after all attempts.
        """
        attempt = 1
        while True:
            is_last = attempt >= call.attempts or not call.is_repeatable
            try:
                response = self._exchange(call)
            except requests.RequestException as failure:
                if is_last:
                    raise UnavailableError(self._no_answer(failure)) from None
                pause_s = None
            else:
                if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE or is_last:
                    return self._read(response)
                pause_s = _retry_after_s(response)
            self._sleep(_pause_s(pause_s, attempt))
            attempt += 1

    def _exchange(self, call: Call) -> requests.Response:
        return self._session.request(
            call.method,
            f"{self.url}{API_PREFIX}{call.path}",
            params=dict(call.query),
            json=call.body,
            headers=dict(call.headers),
            timeout=(CONNECT_PATIENCE_S, call.patience_s),
            allow_redirects=False,
        )

    def _no_answer(self, failure: requests.RequestException) -> str:
        """Say it without the library's own words, which quote whatever was sent."""
        match failure:
            case requests.exceptions.SSLError():
                return f"{self.url} does not prove who it is (TLS)"
            case requests.Timeout():
                return f"{self.url} did not answer in time"
            case _:
                return f"{self.url} cannot be reached"

    def _read(self, response: requests.Response) -> Answer:
        status = response.status_code
        if response.ok and not response.is_redirect:
            return Answer(
                status=status,
                body=None if status == HTTPStatus.NOT_MODIFIED else self._json(response),
                etag=response.headers.get("ETag", ""),
                retry_after_s=_retry_after_s(response),
            )
        problem = _problem(response)
        if status in _CLIENT_ERRORS:
            raise RefusedError(status, problem)
        if response.is_redirect:
            raise RefusedError(status, {"title": "The app sends callers elsewhere to sign in"})
        raise UnavailableError(f"{self.url} answered {status}", problem)

    def _json(self, response: requests.Response) -> Any:
        try:
            return json.loads(response.content)
        except ValueError:
            raise UnavailableError(f"what answers at {self.url} is not this app") from None


def _problem(response: requests.Response) -> Document:
    try:
        return as_document(json.loads(response.content))
    except ValueError:
        return {}


def _retry_after_s(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else None


def _pause_s(asked_s: float | None, attempt: int) -> float:
    own_s = _FIRST_PAUSE_S * 2 ** (attempt - 1)
    return min(_LONGEST_PAUSE_S, own_s if asked_s is None else asked_s)
