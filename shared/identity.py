"""Who is calling: reads the caller's principal from a request, as far as the settings allow.

``APP_IDENTITY`` names the one source that is believed. Whatever is malformed is nobody, never an
error, and nothing of it is logged. Signed links prove themselves: shared.signed_links.
"""

import base64
import binascii
import functools
import logging
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final, cast

import azure.functions as func

from shared.errors import MalformedJsonError
from shared.principal import Principal, Proof, address_of, known_roles
from shared.settings import IdentitySource, current_settings
from shared.strict_json import parse_json

EASY_AUTH_HEADER: Final = "X-MS-CLIENT-PRINCIPAL"
DEVELOPMENT_PRINCIPAL_HEADER: Final = "X-Dev-Principal"
DEVELOPMENT_ROLES_HEADER: Final = "X-Dev-Roles"
DEVELOPMENT_COOKIE: Final = "dev-principal"

_LONGEST_HEADER: Final = 16 * 1024
# What a directory's administrator assigns. A plain e-mail claim counts only when the provider says
# that it verified it: elsewhere the users write it themselves.
_NAME_CLAIMS: Final = (
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
)
_EMAIL_CLAIM: Final = "email"
_EMAIL_VERIFIED_CLAIM: Final = "email_verified"
_ROLE_CLAIM: Final = "roles"

_logger = logging.getLogger(__name__)


def principal_of(req: func.HttpRequest) -> Principal | None:
    """Return who is calling, or None for nobody that the settings let us believe."""
    settings = current_settings()
    headers = cast("Mapping[str, str]", req.headers)
    match settings.identity:
        case IdentitySource.NONE:
            return None
        case IdentitySource.EASY_AUTH if not settings.easy_auth_enabled:
            _say_that_easy_auth_is_off()
            return None
        case IdentitySource.EASY_AUTH:
            return easy_auth_principal(headers.get(EASY_AUTH_HEADER, ""))
        case IdentitySource.DEVELOPMENT:
            return development_principal(
                headers.get(DEVELOPMENT_PRINCIPAL_HEADER, ""),
                headers.get(DEVELOPMENT_ROLES_HEADER, ""),
            ) or _principal_in_cookie(headers.get("Cookie", ""))


def easy_auth_principal(header: str) -> Principal | None:
    """Read the claims that App Service's authentication puts in front of the application."""
    if not header or len(header) > _LONGEST_HEADER:
        return None
    try:
        document = parse_json(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError, MalformedJsonError):
        return None
    claims = _claims(document)
    address = _address(claims)
    if address is None:
        return None
    role_claims = {_ROLE_CLAIM, _text(document, "role_typ")}
    roles = known_roles(value for name, value in claims if name in role_claims)
    return Principal(id=address, roles=roles, proof=Proof.EASY_AUTH)


def development_principal(address: str, roles: str) -> Principal | None:
    """Believe what is said; roles are separated by commas.

    Callers make sure that identity is in development mode, which exists on loop-back only.
    """
    known = address_of(address.strip())
    if known is None:
        return None
    claimed = known_roles(role.strip() for role in roles.split(","))
    return Principal(id=known, roles=claimed, proof=Proof.DEVELOPMENT)


def development_cookie(principal: Principal | None) -> str:
    """Return the Set-Cookie value that signs a developer's browser in, or out for None."""
    cookie = SimpleCookie()
    # Slashes, because neither an address nor a role nor a plain cookie has trouble with them.
    cookie[DEVELOPMENT_COOKIE] = (
        "/".join([principal.id, *sorted(principal.roles)]) if principal else ""
    )
    morsel = cookie[DEVELOPMENT_COOKIE]
    morsel["path"] = "/api"
    morsel["httponly"] = True
    morsel["samesite"] = "Strict"
    if principal is None:
        morsel["max-age"] = 0
    return morsel.OutputString()


def _principal_in_cookie(header: str) -> Principal | None:
    if len(header) > _LONGEST_HEADER:
        return None
    try:
        morsel = SimpleCookie(header).get(DEVELOPMENT_COOKIE)
    except CookieError:
        return None
    if morsel is None:
        return None
    address, _, roles = morsel.value.partition("/")
    return development_principal(address, roles.replace("/", ","))


def _claims(document: object) -> list[tuple[str, str]]:
    match _members(document).get("claims"):
        case [*claims]:
            found = [(_text(claim, "typ"), _text(claim, "val")) for claim in claims]
            return [(name, value) for name, value in found if name and value]
        case _:
            return []


def _address(claims: list[tuple[str, str]]) -> str | None:
    for name in _NAME_CLAIMS:
        values = {value for claimed, value in claims if claimed == name}
        if values:
            return _only_address(values)
    verified = {value.lower() for name, value in claims if name == _EMAIL_VERIFIED_CLAIM}
    if verified != {"true"}:
        return None
    return _only_address({value for name, value in claims if name == _EMAIL_CLAIM})


def _only_address(values: set[str]) -> str | None:
    """Two names for one caller are one too many to believe."""
    return address_of(values.pop()) if len(values) == 1 else None


def _text(document: object, name: str) -> str | None:
    value = _members(document).get(name)
    return value if isinstance(value, str) else None


def _members(document: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", document) if isinstance(document, dict) else {}


@functools.cache
def _say_that_easy_auth_is_off() -> None:
    _logger.warning(
        "APP_IDENTITY is easy_auth, but WEBSITE_AUTH_ENABLED is not True: nobody is believed"
    )
