"""Who somebody is to this application: a mail address, roles, and how it was proved.

Values only, so that models may use them. Reading a principal from a request is shared.identity's
work. A principal's address is personal data: histories, statuses, logs and URLs get its digest.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
_LONGEST = 254


class Role(StrEnum):
    """Everything that somebody may be allowed beyond what everybody is.

    AUTO_APPROVE may ask for levels that silence approves; OPERATOR may reassign and see every
    request. WORKFLOW_OPERATOR decides what workflows cannot, and changes them; WORKFLOW_READER sees
    what operators see.
    """

    AUTO_APPROVE = "approval.auto_approve"
    OPERATOR = "approval.operator"
    WORKFLOW_OPERATOR = "workflow.operator"
    WORKFLOW_READER = "workflow.reader"


class Proof(StrEnum):
    """How a caller proved who they are; recorded with what they did."""

    EASY_AUTH = "easy_auth"
    DEVELOPMENT = "development"
    SIGNED_LINK = "signed_link"
    FUNCTION_KEY = "function_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who proved who they are; ``id`` is the address in lower case."""

    id: str
    roles: frozenset[Role] = frozenset()
    proof: Proof

    def has(self, role: Role) -> bool:
        """Whether the role was given to them."""
        return role in self.roles


def address_of(text: str) -> str | None:
    """Return the address in lower case, or None for what is no address."""
    # Compared before it is lowered: some letters beyond ASCII become ASCII ones that way.
    if len(text) > _LONGEST or not _ADDRESS.fullmatch(text):
        return None
    return text.lower()


def digest_of_address(address: str) -> str:
    """Return the SHA-256 of an address as 64 hexadecimal digits, for where it must not be."""
    return hashlib.sha256(address.encode()).hexdigest()


def known_roles(texts: Iterable[str]) -> frozenset[Role]:
    """Keep of what is claimed the roles that exist here."""
    claimed = frozenset(texts)
    return frozenset(role for role in Role if role in claimed)


def _checked_address(text: str) -> str:
    address = address_of(text)
    if address is None:
        raise PydanticCustomError("malformed", "expected a mail address of at most 254 characters")
    return address


PrincipalId = Annotated[str, AfterValidator(_checked_address)]
"""A model's field that holds a principal's address; what arrives is turned into lower case."""
