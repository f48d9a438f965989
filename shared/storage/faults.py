"""Which faults of the storage service may heal, told apart from mistakes of ours.

A lost connection, a time-out, throttling and a server's own error become
``StorageUnavailableError``, and the outcome of a write is then unknown: callers write under keys
that make a repeat harmless. Anything else (a refused credential, a malformed name) stays what the
SDK raised, because no retry heals it.
"""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.errors import StorageUnavailableError

_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_CODE_IN_BODY = re.compile(r'"odata\.error":\s*\{\s*"code":\s*"(\w+)"')
_GONE = frozenset({"TableNotFound", "ContainerNotFound"})
_TRANSIENT_CODES = _GONE | {"TableBeingDeleted", "ContainerBeingDeleted"}

# A transaction's answer that is cut short leaves the SDK as the transport's own error.
type _Fault = AzureError | requests.RequestException


def error_code(error: BaseException) -> str:
    """Return the service's own code, such as ``EntityAlreadyExists``; empty when there is none."""
    code = getattr(error, "error_code", None)
    if code:
        return str(getattr(code, "value", code))
    # The tables SDK decodes the answer for some calls and leaves it in the message for others.
    found = _CODE_IN_BODY.search(str(error))
    return found.group(1) if found else ""


def is_transient(error: _Fault) -> bool:
    """Tell whether the same call may succeed later."""
    match error:
        case ClientAuthenticationError():
            return False
        case HttpResponseError(status_code=status):
            return (
                status is None
                or status in _TRANSIENT_STATUSES
                or error_code(error) in _TRANSIENT_CODES
            )
        case _:
            return True


def _fault(raised: Exception) -> _Fault | None:
    """Return the fault behind what was raised, or ``None`` for a mistake of ours.

    Decoding an answer that is cut short makes the SDK stumble with an ``AttributeError``.
    """
    stumbled = isinstance(raised, AttributeError)
    fault = raised.__context__ if stumbled else raised
    return fault if isinstance(fault, (AzureError, requests.RequestException)) else None


@contextmanager
def transient_faults_named(place: str, *, recreate: Callable[[], None]) -> Generator[None]:
    """Turn faults that may heal into ``StorageUnavailableError``, saying where they happened.

    The SDK's text stays in the cause alone: it may hold addresses and request ids.

    Args:
        place: the table or container, for the message.
        recreate: called when the place itself is gone (an emulator that forgot, a person who tidied
            up), so that the caller's next attempt finds it.
    """
    try:
        yield
    except (AzureError, requests.RequestException, AttributeError) as raised:
        fault = _fault(raised)
        if fault is None or not is_transient(fault):
            raise
        code = error_code(fault)
        if code in _GONE:
            recreate()
        raise StorageUnavailableError(
            f"{place} did not answer ({code or type(fault).__name__})"
        ) from fault
