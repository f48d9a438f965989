"""Links that prove by themselves who may decide what, until when: signed, never stored.

Pure: keys and the instant come in, values go out. A token names no person, only the digest of an
address. That a link works once is not known here: its ``jti`` is for whoever keeps the decisions.
Where the keys come from is in shared.link_keys.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

from shared.ids import derived_id

_VERSION: Final = "v1"
_SHORTEST_SECRET: Final = 32  # bytes: as long as what SHA-256 gives
_LONGEST_TOKEN: Final = 1024
_FIELDS: Final = frozenset({"i", "l", "r", "a", "e", "j"})
_KID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
# What a MAC is for goes under the MAC, so that a form's proof never passes for a link.
_FOR_LINKS: Final = b"approval link\n"
_FOR_FORMS: Final = b"approval form\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkKey:
    """One secret and the name under which tokens refer to it."""

    kid: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """The keys in force: the first signs, all of them verify."""

    keys: tuple[LinkKey, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``kid:base64,kid:base64``.

        Raises:
            ValueError: What is wrong with it, in words that repeat no secret.
        """
        keys = tuple(_key(part.strip()) for part in text.split(","))
        if len({key.kid for key in keys}) < len(keys):
            raise ValueError("every key needs a name of its own")
        return cls(keys)

    @property
    def signing(self) -> LinkKey:
        """The key that new links are signed with."""
        return self.keys[0]

    def find(self, kid: str) -> LinkKey | None:
        """Return the key of this name, if it is in force."""
        return next((key for key in self.keys if key.kid == kid), None)


def _key(text: str) -> LinkKey:
    kid, colon, encoded = text.partition(":")
    if not colon or not _KID.fullmatch(kid):
        raise ValueError("expected kid:base64, the names 1 to 32 of A-Z a-z 0-9 _ -")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"key {kid} is not base64") from None
    if len(secret) < _SHORTEST_SECRET:
        raise ValueError(f"key {kid} has fewer than {_SHORTEST_SECRET} bytes")
    return LinkKey(kid=kid, secret=secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClaims:
    """What a link says.

    Attributes:
        instance: the instance id of the approval.
        level: which level may be decided, counted from 1.
        round: which round of that level, counted from 1.
        approver: the SHA-256 of the approver's address, 64 hexadecimal digits.
        expires_at: from when on it is worth nothing; whole seconds, UTC.
        jti: the same for every copy of the link, and of no other link.
    """

    instance: str
    level: int
    round: int
    approver: str
    expires_at: datetime
    jti: str

    @classmethod
    def of(
        cls, instance: str, *, level: int, round_: int, approver: str, expires_at: datetime
    ) -> Self:
        """Claim for an approver; the same claim has the same ``jti``, in however many mails."""
        return cls(
            instance=instance,
            level=level,
            round=round_,
            approver=approver,
            expires_at=expires_at.astimezone(UTC).replace(microsecond=0),
            jti=derived_id("link", instance, str(level), str(round_), approver),
        )


class LinkRefusal(StrEnum):
    """Why a link is not believed: for our log. Whoever holds it is told one text for all."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    FORGED = "forged"
    EXPIRED = "expired"


def sign(claims: LinkClaims, keys: LinkKeys) -> str:
    """Return the token, ``v1.<kid>.<payload>.<mac>``, safe in a URL path."""
    payload = {
        "i": claims.instance,
        "l": claims.level,
        "r": claims.round,
        "a": claims.approver,
        "e": int(claims.expires_at.timestamp()),
        "j": claims.jti,
    }
    key = keys.signing
    signed = f"{_VERSION}.{key.kid}.{_encoded(json.dumps(payload, separators=(',', ':')).encode())}"
    return f"{signed}.{_mac(key, _FOR_LINKS, signed)}"


def verify(token: str, keys: LinkKeys, *, now: datetime) -> LinkClaims | LinkRefusal:
    """Return what a token says if it is ours and in time, or why it is not believed."""
    parts = token.split(".") if len(token) <= _LONGEST_TOKEN and token.isascii() else []
    match parts:
        case [version, kid, payload, mac] if version == _VERSION:
            pass
        case _:
            return LinkRefusal.MALFORMED
    key = keys.find(kid)
    if key is None:
        return LinkRefusal.UNKNOWN_KEY
    if not hmac.compare_digest(mac, _mac(key, _FOR_LINKS, f"{version}.{kid}.{payload}")):
        return LinkRefusal.FORGED
    claims = _claims(payload)
    if claims is None:
        return LinkRefusal.MALFORMED
    return claims if now < claims.expires_at else LinkRefusal.EXPIRED


def form_proof(token: str, keys: LinkKeys) -> str:
    """Return what a form of this link's page carries, so that no other page can stand in for it."""
    return _mac(keys.signing, _FOR_FORMS, token)


def proves_form(proof: str, token: str, keys: LinkKeys) -> bool:
    """Whether a form came from this link's page; keys that no longer sign count, too."""
    if not proof.isascii():
        return False
    return any(hmac.compare_digest(proof, _mac(key, _FOR_FORMS, token)) for key in keys.keys)


def shown_in_logs(claims: LinkClaims) -> str:
    """Return eight digits that tell a link apart in a log and help nobody to guess it."""
    return hashlib.sha256(claims.jti.encode()).hexdigest()[:8]


def _mac(key: LinkKey, purpose: bytes, text: str) -> str:
    return _encoded(hmac.digest(key.secret, purpose + text.encode("ascii"), "sha256"))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _claims(payload: str) -> LinkClaims | None:
    """Read what our own key has signed; None for what another version of us would write."""
    padded = payload + "=" * (-len(payload) % 4)
    try:
        raw: Any = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    match raw:
        case {
            "i": str(instance),
            "l": int(level),
            "r": int(round_),
            "a": str(approver),
            "e": int(expires),
            "j": str(jti),
        } if raw.keys() == _FIELDS:
            return LinkClaims(
                instance=instance,
                level=level,
                round=round_,
                approver=approver,
                expires_at=datetime.fromtimestamp(expires, UTC),
                jti=jti,
            )
        case _:
            return None
