"""Parcels with a carrier that is reached over HTTP, by the contract in docs/carrier.md.

Everything is named by our own key and put there, so whatever is sent twice is done once; a key that
was called off takes no parcel any more. What does not answer, or answers what cannot be understood,
is unavailable: nothing is concluded from it. Whose parcels they are is the caller's business.
"""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Final, override
from urllib.parse import quote

import requests
from pydantic import AwareDatetime, Field
from requests.auth import AuthBase

from shared.errors import ProviderUnavailableError
from shared.models import JsonObject, WireModel
from shared.settings.providers import CarrierService

_TIMEOUT_S: Final = (3.05, 20.0)
_MOST_BYTES: Final = 256 * 1024  # five hundred scans are a fifth of it
# What may be answered otherwise the next time, or by another key of ours.
_NO_ANSWER: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)

_Code = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class BookedParcels(WireModel):
    """What the carrier says of a booking that stands; ``shipment_id`` is the key it is under."""

    shipment_id: str
    tracking_number: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]
    estimated_delivery_at: AwareDatetime | None = None


class Refusal(WireModel):
    """Why the carrier does not do it: a code."""

    reason: _Code


class CarrierScan(WireModel):
    """A parcel was in somebody's hands; ``code`` is one of docs/carrier.md."""

    scan_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")]
    code: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")]
    at: AwareDatetime


class CarrierTracking(WireModel):
    """Every scan so far, and in how many seconds there may be more, if the carrier says so."""

    scans: Annotated[tuple[CarrierScan, ...], Field(max_length=500)]
    next_check_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class HttpCarrier:
    """Books, calls off, follows. Every call may raise ``ProviderUnavailableError``: repeat it then.

    Args:
        service: Where the carrier is, and with what it knows us.
    """

    def __init__(self, service: CarrierService) -> None:
        self._service = service

    def book(self, key: str, parcels: JsonObject) -> BookedParcels | Refusal:
        """Hand parcels over; under a key that is known, the answer is the first booking."""
        answer = self._asked("PUT", key, parcels)
        if not answer.is_done:
            return answer.refusal
        booked = answer.understood(BookedParcels)
        if booked.shipment_id != key:
            raise ProviderUnavailableError("the carrier answered for another shipment")
        return booked

    def cancel(self, key: str) -> Refusal | None:
        """Call parcels off, also those that were never booked; refused when they are under way."""
        answer = self._asked("PUT", f"{key}/cancellation", {})
        if answer.is_done:
            return None
        if answer.status == HTTPStatus.CONFLICT:
            return Refusal(reason="already_picked_up")
        return answer.refusal

    def tracking(self, key: str) -> CarrierTracking:
        """Return what the carrier knows of the way so far."""
        answer = self._asked("GET", f"{key}/tracking")
        if not answer.is_done:
            raise ProviderUnavailableError(f"the carrier says {answer.status} of a shipment")
        return answer.understood(CarrierTracking)

    def inquire(self, key: str, number: int) -> bool:
        """Have parcels looked for, once per number; False when the carrier refuses to."""
        return self._asked("PUT", f"{key}/inquiries/{number}", {}).is_done

    def claim(self, key: str) -> bool:
        """Claim that parcels are lost, once; False when the carrier refuses to."""
        return self._asked("PUT", f"{key}/claim", {}).is_done

    def _asked(self, method: str, path: str, body: JsonObject | None = None) -> "_Answer":
        key, slash, rest = path.partition("/")
        try:
            with requests.request(
                method,
                f"{self._service.url}/shipments/{quote(key, safe='')}{slash}{rest}",
                data=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
                headers=_HEADERS,
                auth=_Bearer(self._service.api_key),
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _Answer(status=response.status_code, content=_bounded(response))
        except requests.RequestException as failure:
            kind = type(failure).__name__  # its words may quote what was sent
            raise ProviderUnavailableError(f"the carrier did not answer: {kind}") from None


_HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class _Bearer(AuthBase):
    """Says who we are; given as such, so that no file of this machine's user overrides it."""

    api_key: str = field(repr=False)

    @override
    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self.api_key}"
        return r


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A status from which something may be concluded, and what came with it."""

    status: int
    content: bytes

    def __post_init__(self) -> None:
        """Let nothing pass that is no answer: a redirection, an outage, a key that is not known.

        Raises:
            ProviderUnavailableError: It is none.
        """
        is_done = HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
        is_no = HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if not (is_done or is_no) or self.status in _NO_ANSWER:
            raise ProviderUnavailableError(f"the carrier says {self.status}")

    @property
    def is_done(self) -> bool:
        """Whether it was done, now or before."""
        return self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def refusal(self) -> Refusal:
        """Why not: the carrier's code, or its status when it gives none."""
        try:
            return Refusal.from_json(json.loads(self.content))
        except ValueError:
            return Refusal(reason=f"http_{self.status}")

    def understood[M: WireModel](self, model: type[M]) -> M:
        """Return what it says.

        Raises:
            ProviderUnavailableError: It does not say that.
        """
        try:
            return model.from_json(json.loads(self.content))
        except ValueError:
            raise ProviderUnavailableError("the carrier's answer is not understood") from None


def _bounded(response: requests.Response) -> bytes:
    """Read an answer of a size that a carrier may need.

    Raises:
        ProviderUnavailableError: It is larger.
    """
    content = b""
    for part in response.iter_content(_MOST_BYTES):
        content += part
        if len(content) > _MOST_BYTES:
            raise ProviderUnavailableError("the carrier's answer is too large")
    return content
